"""/dev/mail: the list, one mail, its HTML alone in a frame that may do nothing; and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.mail.inbox import Inbox, Mail
from console.mail.reading import Contents, read
from console.numbers import natural
from console.pages import Pages, as_json, from_elsewhere
from console.problems import problem

_HERE = "/dev/mail"


class MailPages:
    def __init__(self, inbox: Inbox, pages: Pages, edge_url: str) -> None:
        self._inbox = inbox
        self._pages = pages
        # The frame's sandbox attribute stops scripts and forms; this stops the loading of anything but our pictures.
        self._frame_guard = (
            f"default-src 'none'; style-src 'unsafe-inline'; img-src data: {edge_url};"
            " sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
        )

    async def listed(self, request: Request) -> Response:
        search = request.query_params.get("q", "")
        mails = await self._inbox.all(search)
        return self._pages.show("mail.html", here=_HERE, mails=mails, search=search)

    async def listed_json(self, request: Request) -> Response:
        """`?q=` searches, `?full=1` adds text and HTML."""
        full = request.query_params.get("full") == "1"
        mails = await self._inbox.all(request.query_params.get("q", ""))
        items: list[dict[str, Any]] = []
        for mail in mails:
            found = await self._inbox.find(mail.id) if full else None
            items.append(_as_dict(mail, read(found[1])) if found else asdict(mail))
        return as_json({"items": items})

    async def one(self, request: Request) -> Response:
        found = await self._found(request)
        if found is None:
            return self._pages.not_found("this mail is not in the inbox (any more)")
        mail, content = found
        return self._pages.show("mail_one.html", here=_HERE, mail=mail, contents=read(content), size=len(content))

    async def one_json(self, request: Request) -> Response:
        found = await self._found(request)
        if found is None:
            return problem(404, "mail.not_found", "this mail is not in the inbox (any more)")
        return as_json(_as_dict(found[0], read(found[1])))

    async def frame(self, request: Request) -> Response:
        """The HTML part as a page of its own. Links open outside of the frame."""
        found = await self._found(request)
        if found is None:
            return self._pages.not_found("this mail is not in the inbox (any more)")
        headers = {
            "content-security-policy": self._frame_guard,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
        }
        return HTMLResponse('<base target="_blank">' + read(found[1]).html, headers=headers)

    async def raw(self, request: Request) -> Response:
        found = await self._found(request)
        if found is None:
            return self._pages.not_found("this mail is not in the inbox (any more)")
        headers = {
            "content-disposition": f'attachment; filename="{found[0].id}.eml"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return Response(found[1], media_type="message/rfc822", headers=headers)

    async def clear(self, request: Request) -> Response:
        if from_elsewhere(request):
            return problem(403, "request.from_elsewhere", "only this console's own pages may do that")
        await self._inbox.clear()
        return RedirectResponse(_HERE, 303)

    async def _found(self, request: Request) -> tuple[Mail, bytes] | None:
        number = natural(request.path_params["id"])
        return None if number is None else await self._inbox.find(number)

    def routes(self) -> list[Route]:
        return [
            Route("/dev/mail", self.listed),
            Route("/dev/mail.json", self.listed_json),
            Route("/dev/mail/clear", self.clear, methods=["POST"]),
            Route("/dev/mail/{id}.json", self.one_json),
            Route("/dev/mail/{id}/frame", self.frame),
            Route("/dev/mail/{id}/raw", self.raw),
            Route("/dev/mail/{id}", self.one),
        ]


def _as_dict(mail: Mail, contents: Contents) -> dict[str, Any]:
    return {
        **asdict(mail),
        "headers": contents.headers,
        "text": contents.text,
        "html": contents.html,
        "attachments": [asdict(attachment) for attachment in contents.attachments],
    }
