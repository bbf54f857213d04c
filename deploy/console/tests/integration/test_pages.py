"""The whole console in this process, with everything around it away: every page answers and says so."""

import smtplib
from email.message import EmailMessage

import anyio
import httpx
import pytest
from deploy.console.tests.builders import ORDER, TRACE, a_process, a_span, an_export
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from console.edge_errors import routes as edge_error_routes
from console.outside import Outside, OutsideAway

NOBODY = "http://127.0.0.1:9"
AWAY = {
    "service_urls": {"orders": NOBODY, "scm": NOBODY},
    "sandbox_url": NOBODY,
    "edge_url": NOBODY,
    "kafka_bootstrap_servers": "127.0.0.1:9",
    "auditor_database_url": "postgresql://auditor:x@127.0.0.1:9/shop",
}
PROTOBUF = {"content-type": "application/x-protobuf"}
NASTY = '<script>alert("x")</script>'


async def send(settings, *, subject="주문이 접수되었습니다", html="<p>감사합니다</p>", message_id="<1@shop>"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "a@shop.kr", "b@c.kr", subject, message_id
    mail.set_content("감사합니다")
    mail.add_alternative(html, subtype="html")

    def deliver():
        with smtplib.SMTP("127.0.0.1", settings.smtp_port, timeout=10) as smtp:
            smtp.send_message(mail)

    await anyio.to_thread.run_sync(deliver)


class TestAway:
    @pytest.mark.parametrize(
        "path",
        ["/", "/dev", "/dev/traces", "/dev/events", "/dev/mail", "/dev/messages", "/dev/stuck", "/dev/docs",
         "/dev/docs/events", "/dev/faults", "/dev/overview.json", "/dev/traces.json", "/dev/events.json",
         "/dev/mail.json", "/dev/messages.json", "/dev/stuck.json", "/dev/faults.json", "/dev/docs/asyncapi.json"],
    )  # fmt: skip
    async def test_every_page_answers(self, a_console, path):
        async with a_console(**AWAY) as (client, _):
            answer = await client.get(path)
        assert answer.status_code == 200
        if answer.headers["content-type"].startswith("text/html"):
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "http://" not in answer.text.replace(NOBODY, "").replace("http://www.w3.org/2000/svg", "")

    async def test_says_what_is_not_reachable(self, a_console):
        async with a_console(**AWAY) as (client, _):
            overview = (await client.get("/dev/overview.json")).json()
            assert [(each["name"], each["ready"], each["unread"]) for each in overview["services"]] == [
                ("orders", False, None),
                ("scm", False, None),
            ]
            assert any("database does not answer" in trouble for trouble in overview["troubles"])
            assert any("broker does not answer" in trouble for trouble in overview["troubles"])
            for path in ("/dev", "/dev/stuck", "/dev/messages"):
                assert "Not reachable" in (await client.get(path)).text
            assert (await client.get("/dev/docs/orders")).status_code == 503
            assert (await client.get("/dev/docs/orders/openapi.json")).json()["code"] == "service.unreachable"

    @pytest.mark.parametrize("path", ["/dev/nothing", "/dev/mail/7", "/dev/traces/abc", "/dev/docs/strangers",
                                      "/dev/static/x/nothing.js", f"/dev/traces/order/{ORDER}"])  # fmt: skip
    async def test_what_is_not_there_is_a_404(self, a_console, path):
        async with a_console(**AWAY) as (client, _):
            assert (await client.get(path)).status_code == 404


class TestStrangeAddresses:
    @pytest.mark.parametrize("number", ["-1", "0", "²", "1.5", "x", str(2**63), "9" * 5000])
    async def test_a_mail_of_a_number_that_no_mail_has_is_a_404(self, a_console, number):
        async with a_console(**AWAY) as (client, _):
            for path in (f"/dev/mail/{number}", f"/dev/mail/{number}/raw", f"/dev/mail/{number}/frame"):
                assert (await client.get(path)).status_code == 404
            missing = await client.get(f"/dev/mail/{number}.json")
            assert (missing.status_code, missing.json()["code"]) == (404, "mail.not_found")

    @pytest.mark.parametrize("word", ["zz", "-1", "%00%ff", "F" * 32, "f" * 5000, str(2**63)])
    async def test_a_trace_that_nobody_sent_is_a_404(self, a_console, word):
        async with a_console(**AWAY) as (client, _):
            for path in (f"/dev/traces/{word}", f"/dev/traces/{word}.json", f"/dev/traces/order/{word}"):
                assert (await client.get(path)).status_code == 404

    @pytest.mark.parametrize("number", ["-1", "²", "1e400", "nan", "x", "9" * 30, "9" * 5000])
    async def test_numbers_that_mean_nothing_are_left_out_of_account(self, a_console, number):
        async with a_console(**AWAY) as (client, _):
            for path in ("/dev/traces", "/dev/traces.json", "/dev/events", "/dev/events.json", "/dev/messages"):
                numbers = dict.fromkeys(("slower", "limit", "after", "page"), number)
                assert (await client.get(path, params=numbers)).status_code == 200
            assert (await client.post("/dev/faults", data={"clear": number})).status_code == 303

    async def test_a_program_is_told_in_json_what_is_not_there(self, a_console):
        async with a_console(**AWAY) as (client, _):
            assert (await client.get("/dev/nothing.json")).json()["code"] == "page.not_found"

    @pytest.mark.parametrize(
        "path", ["/", "/dev", "/dev/mail", "/dev/faults", "/dev/events.json", "/dev/events/stream"]
    )
    async def test_head_is_get_without_the_body(self, a_console, path):
        async with a_console(**AWAY) as (client, _):
            answer = await client.head(path)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-type"]

    async def test_another_method_is_a_problem_that_names_the_allowed_ones(self, a_console):
        async with a_console(**AWAY) as (client, _):
            refused = await client.request("OPTIONS", "/dev")
        assert (refused.status_code, refused.json()["code"]) == (405, "method.not_allowed")
        assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


class TestMail:
    async def test_a_mail_arrives_and_a_copy_counts_up(self, a_console):
        async with a_console() as (client, settings):
            await send(settings)
            await send(settings)
            (mail,) = (await client.get("/dev/mail.json?full=1")).json()["items"]
            assert (mail["subject"], mail["copies"], mail["recipients"]) == ("주문이 접수되었습니다", 2, ["b@c.kr"])
            assert mail["html"].strip() == "<p>감사합니다</p>"
            assert "주문이 접수되었습니다" in (await client.get(f"/dev/mail/{mail['id']}")).text
            assert (await client.get(f"/dev/mail/{mail['id']}.json")).json()["text"].strip() == "감사합니다"
            assert (await client.get(f"/dev/mail/{mail['id']}/raw")).content.startswith(b"From: a@shop.kr")

    async def test_a_mail_can_do_nothing_to_the_console(self, a_console):
        async with a_console() as (client, settings):
            await send(settings, subject=NASTY, html=NASTY)
            for path in ("/dev/mail", "/dev/mail/1"):
                page = (await client.get(path)).text
                assert NASTY not in page
                assert "&lt;script&gt;" in page
            assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in (await client.get("/dev/mail/1")).text
            guard = (await client.get("/dev/mail/1/frame")).headers["content-security-policy"]
            assert guard.startswith("default-src 'none'")
            assert " sandbox allow-popups " in guard
            assert "allow-scripts" not in guard

    async def test_only_its_own_pages_empty_the_inbox(self, a_console):
        async with a_console() as (client, settings):
            await send(settings)
            refused = await client.post("/dev/mail/clear", headers={"sec-fetch-site": "cross-site"})
            assert (refused.status_code, refused.json()["code"]) == (403, "request.from_elsewhere")
            assert len((await client.get("/dev/mail.json")).json()["items"]) == 1
            await client.post("/dev/mail/clear", headers={"sec-fetch-site": "same-origin"})
            assert (await client.get("/dev/mail.json")).json()["items"] == []


class TestTraces:
    async def test_a_journey_comes_in_and_is_found_and_shown(self, a_console, eventually):
        post = a_span("POST", service="edge", attributes={"http.request.method": "POST", "url.path": "/v1/orders"})
        process = a_process("shop.orders.v1", "order-placed", parent=post, service="scm", at=30)
        async with a_console() as (client, _):
            assert (await client.post("/otlp/v1/traces", content=an_export(post), headers=PROTOBUF)).status_code == 200
            await client.post("/otlp/v1/traces", content=an_export(process), headers=PROTOBUF)

            async def found():
                items = (await client.get(f"/dev/traces.json?order={ORDER}")).json()["items"]
                return items[0] if items and items[0]["spans"] == 2 else None

            trace = await eventually(found)
            assert (trace["trace_id"], trace["name"], trace["services"]) == (TRACE, "POST /v1/orders", ["edge", "scm"])
            shown = (await client.get(f"/dev/traces/{TRACE}.json")).json()
            assert [(span["service"], span["label"], span["parent"]) for span in shown["spans"]] == [
                ("edge", "POST /v1/orders", None),
                ("scm", "process order-placed", 0),
            ]
            for path in (f"/dev/traces/{TRACE}", f"/dev/traces/order/{ORDER}"):
                page = await client.get(path)
                assert page.status_code == 200
                assert "process order-placed" in page.text
            journey = (await client.get(f"/dev/traces/order/{ORDER}.json")).json()
            assert journey["traces"] == [TRACE]

    async def test_whatever_a_span_says_is_only_text(self, a_console, eventually):
        span = a_span(NASTY, service=NASTY, error=True, attributes={NASTY: NASTY})
        async with a_console() as (client, _):
            await client.post("/otlp/v1/traces", content=an_export(span), headers=PROTOBUF)

            async def page():
                answer = await client.get(f"/dev/traces/{TRACE}")
                return answer.text if answer.status_code == 200 else None

            assert NASTY not in await eventually(page)
            assert NASTY not in (await client.get("/dev/traces?reads=1")).text
            assert NASTY not in (await client.get("/dev/traces", params={"q": NASTY})).text

    @pytest.mark.parametrize(
        ("headers", "content", "status"),
        [
            ({"content-type": "application/json"}, b"{}", 415),
            (PROTOBUF, b"\xff\xff\xff", 400),
            (PROTOBUF | {"content-encoding": "gzip"}, b"no gzip", 400),
            (PROTOBUF, bytes(17 * 1024 * 1024), 413),
        ],
    )
    async def test_refuses_what_it_cannot_read(self, a_console, headers, content, status):
        async with a_console() as (client, _):
            refused = await client.post("/otlp/v1/traces", content=content, headers=headers)
        assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")


class TestEdgeErrors:
    @pytest.mark.parametrize("status", [400, 404, 413, 429, 500, 502, 503, 504])
    async def test_answers_with_the_status_and_a_problem(self, status):
        transport = httpx.ASGITransport(app=Starlette(routes=edge_error_routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
            for method in ("GET", "POST", "DELETE"):
                answer = await client.request(method, f"/edge-errors/{status}")
                assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
                assert answer.json()["status"] == status
                assert answer.json()["code"]
            for stranger in ("418", "x", "9" * 5000):
                assert (await client.get(f"/edge-errors/{stranger}")).status_code == 404


class TestOutside:
    """Against a stand-in for the sandbox."""

    def outside(self, answer, status=200):
        async def take(request):
            self.asked = (request.method, request.url.path, await request.body())
            return JSONResponse(answer, status)

        app = Starlette(routes=[Route("/{path:path}", take, methods=["GET", "POST", "DELETE"])])
        return Outside(httpx.AsyncClient(transport=httpx.ASGITransport(app=app)), "http://sandbox.test/")

    async def test_asks_where_the_sandbox_answers(self):
        outside = self.outside([{"id": 1}])
        assert await outside.faults() == [{"id": 1}]
        assert self.asked[:2] == ("GET", "/sandbox/_sandbox/faults")
        await outside.clear_faults(7)
        assert self.asked[:2] == ("DELETE", "/sandbox/_sandbox/faults/7")
        await outside.order_fault({"party": "toss"})
        assert self.asked == ("POST", "/sandbox/_sandbox/faults", b'{"party":"toss"}')
        await outside.messages()
        assert self.asked[:2] == ("GET", "/sandbox/solapi/_sandbox/messages")

    async def test_a_refusal_keeps_its_reason(self):
        with pytest.raises(OutsideAway, match=r"422.*too many"):
            await self.outside({"detail": "too many"}, 422).order_fault({})
