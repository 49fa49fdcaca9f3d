"""The webhook page: URL, secrets shown once, rotation, the test, the log."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.sandbox.dashboard.conftest import Owner

SECRET = re.compile(r'class="secret-value"[^>]*>\s*([0-9a-f]{64})')


@dataclass
class Receiver:
    """Somebody's webhook endpoint; `status` is what it answers."""

    url: str = ""
    status: int = 200
    got: list[tuple[bytes, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((await request.read(), request.headers["X-Oncade-Signature"]))
        return web.Response(status=self.status, text="<b>taken</b>")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield made
    finally:
        await runner.cleanup()


async def configured(owner: Owner, receiver: Receiver) -> str:
    page = await owner.do("/webhook", "/webhook", url=receiver.url)
    found = SECRET.search(page.html)
    assert found is not None, page.text
    return found[1]


async def test_the_secret_is_shown_once(owner: Owner, receiver: Receiver) -> None:
    secret = await configured(owner, receiver)
    again = await owner.see("/webhook")
    saved = await owner.do("/webhook", "/webhook")

    assert secret not in again.html + saved.html
    assert f"…{secret[-4:]}" in again.text
    assert again.form("/webhook").value("url") == receiver.url


async def test_a_test_is_sent_signed_and_logged(owner: Owner, receiver: Receiver) -> None:
    secret = await configured(owner, receiver)
    page = await owner.do("/webhook", "/webhook/test")
    await owner.play.sandbox.settled()
    log = await owner.see("/webhook")
    one = await owner.surfer.get(next(link for link in log.links if "/deliveries/" in link))

    body, signature = receiver.got[0]
    assert "Webhook.Test is on its way." in page.text
    assert signature == hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert "Webhook.Test" in log.text
    assert "Delivered" in log.text
    assert body.decode() in one.text
    assert signature in one.text
    assert "<b>taken</b>" in one.text
    assert "<b>taken" not in one.html


async def test_after_a_rotation_two_secrets_are_valid_until_a_time(
    owner: Owner, receiver: Receiver
) -> None:
    old = await configured(owner, receiver)
    page = await owner.do("/webhook", "/webhook/rotate")
    again = await owner.see("/webhook")

    new = SECRET.search(page.html)
    assert new is not None
    assert new[1] != old
    assert new[1] not in again.html
    assert f"…{old[-4:]}" in again.text
    assert f"…{new[1][-4:]}" in again.text
    assert "until 24 Nov 2026, 12:00 UTC" in again.text
    assert again.text.count("Signs now") == 1


async def test_a_failed_delivery_is_sent_again_by_hand(owner: Owner, receiver: Receiver) -> None:
    await configured(owner, receiver)
    receiver.status = 500
    await owner.do("/webhook", "/webhook/test")
    await owner.play.sandbox.settled()
    log = await owner.see("/webhook")
    waiting = await owner.surfer.get(next(link for link in log.links if "/deliveries/" in link))

    receiver.status = 200
    page = await owner.surfer.send(waiting.form("/resend"))
    await owner.play.sandbox.settled()
    done = await owner.surfer.get(page.path)

    assert "Pending" in waiting.text
    assert "Next try" in waiting.text
    assert 'hx-get="' in log.html
    assert "It is on its way again" in page.text
    assert [body for body, _ in receiver.got] == [receiver.got[0][0]] * 2
    assert "Delivered" in done.text
    assert "Attempt 2" in done.text


async def test_webhooks_are_switched_off(owner: Owner, receiver: Receiver) -> None:
    await configured(owner, receiver)
    form = (await owner.see("/webhook")).form("/webhook")
    form.fields[:] = [one for one in form.fields if one[0] != "enabled"]
    page = await owner.surfer.send(form)
    refused = await owner.surfer.send(page.form("/test"))

    assert "Webhooks are switched off." in page.text
    assert refused.status == 400
    assert "No webhook URL is set" in refused.text


@pytest.mark.parametrize("url", ["", "ftp://x", "http://example.com/", "https://u:p@x/", "//x"])
async def test_a_url_that_nothing_is_sent_to_is_said_and_kept(owner: Owner, url: str) -> None:
    page = await owner.do("/webhook", "/webhook", url=url)

    assert page.status == 422
    assert "The URL must be https://" in page.text
    assert page.form("/webhook").value("url") == url


async def test_without_a_url_nothing_can_be_rotated_tested_or_sent_again(owner: Owner) -> None:
    csrf = [("csrf", (await owner.see("/webhook")).form("/webhook").value("csrf"))]

    for action in ("/rotate", "/test", "/deliveries/1/resend"):
        page = await owner.surfer.post(f"{owner.base}/webhook{action}", csrf)

        assert page.status == 400, action
        assert "No webhook URL is set" in page.text


async def test_an_unknown_delivery_is_a_page_that_says_so(owner: Owner, receiver: Receiver) -> None:
    await configured(owner, receiver)
    csrf = [("csrf", (await owner.see("/webhook")).form("/webhook").value("csrf"))]

    seen = await owner.surfer.get(f"{owner.base}/webhook/deliveries/999")
    sent = await owner.surfer.post(f"{owner.base}/webhook/deliveries/999/resend", csrf)

    assert [seen.status, sent.status] == [404, 404]


async def test_the_log_refreshes_without_the_rest_of_the_page(
    owner: Owner, receiver: Receiver
) -> None:
    await configured(owner, receiver)

    part = await owner.see("/webhook/log")

    assert "<html" not in part.html
    assert 'id="log"' in part.html
