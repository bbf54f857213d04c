"""A stored mail taken apart for a page. Whatever cannot be read is shown as it came."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as email_policy


@dataclass(frozen=True)
class Attachment:
    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class Contents:
    """`text` and `html` are empty where the mail has no such part."""

    headers: list[tuple[str, str]]
    text: str
    html: str
    attachments: list[Attachment]


def read(content: bytes) -> Contents:
    """Never raises: mails come from anywhere."""
    message = message_from_bytes(content, policy=email_policy)
    assert isinstance(message, EmailMessage)
    return Contents(
        headers=[(name, str(value)) for name, value in message.items()],
        text=_part(message, "plain"),
        html=_part(message, "html"),
        attachments=[_attachment(part) for part in message.iter_attachments()] if message.is_multipart() else [],
    )


def _part(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body(preferencelist=(kind,))
        return "" if part is None else str(part.get_content())
    except (LookupError, ValueError, AttributeError, KeyError) as error:
        return f"(this part cannot be read: {error})"


def _attachment(part: EmailMessage) -> Attachment:
    payload = part.get_payload(decode=True)
    size = len(payload) if isinstance(payload, bytes) else 0
    return Attachment(part.get_filename() or "(no name)", part.get_content_type(), size)
