"""At least once, in turn, again after each wait, given up after the last; all of it in the log."""

import asyncio
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bridge.errors import SandboxError
from bridge.sandbox.bookkeeper import Bookkeeper, Work
from bridge.sandbox.rounds import LONGEST_PAUSE
from bridge.sandbox.webhooks import endpoints
from bridge.sandbox.webhooks.sender import Sender
from tests.sandbox.bookkeeping import CAMPAIGN, books_open
from tests.sandbox.play import full_disk
from tests.sandbox.webhooks.receiver import EARN5, PATIENCE, Gate, receiving, scene

T = TypeVar("T")


async def test_what_is_not_taken_is_sent_again_after_each_wait_and_then_given_up() -> None:
    async with scene(webhook_waits=(1, 5)) as opened:
        opened.receiver.statuses = [500, 404, 302]
        await opened.test()
        counts = [len(await opened.turned(seconds)) for seconds in (0, 0.999, 0.001, 4.999)]
        with capture_logs() as logs:
            counts += [len(await opened.turned(seconds)) for seconds in (0.001, 3600)]
        (logged,) = await opened.play.admin.deliveries(opened.id)

        assert counts == [1, 1, 2, 2, 3, 3]
        assert logged.state == "failed"
        assert [attempt.status for attempt in logged.attempts] == [500, 404, 302]
        assert [attempt.at[17:23] for attempt in logged.attempts] == ["00.000", "01.000", "06.000"]
        assert [line["action"] for line in logs] == ["sandbox_webhook_failed"]


async def test_a_repetition_has_the_same_bytes_and_the_same_signature() -> None:
    async with scene(webhook_waits=(1,)) as opened:
        opened.receiver.statuses = [503]
        await opened.play.event("key-1")
        await opened.settled()
        first, second = await opened.turned(1)

        assert first.body == second.body
        assert first.signature == second.signature
        assert await opened.states() == ["delivered"]


async def test_it_goes_on_by_itself_when_a_wait_is_over() -> None:
    async with scene(webhook_waits=(5,)) as opened:
        opened.receiver.statuses = [500]
        await opened.test()
        await opened.settled()
        opened.clock.turn(4.99)
        await opened.test()  # makes it look, and find that little is left to wait
        await opened.receiver.wait(2)
        opened.clock.turn(0.01)
        async with asyncio.timeout(LONGEST_PAUSE / 2):
            came = await opened.receiver.wait(3)

        assert len(came) == 3


@pytest.mark.parametrize("status", [200, 201, 204, 299])
async def test_every_2xx_is_a_yes(status: int) -> None:
    async with scene() as opened:
        opened.receiver.statuses = [status]
        await opened.test()
        await opened.settled()

        assert await opened.states() == ["delivered"]


async def test_webhooks_come_in_the_order_in_which_they_were_written() -> None:
    async with scene() as opened:
        gate = Gate()
        opened.receiver.answer = gate
        for n in range(30):
            await opened.play.event(f"key-{n}")
        async with asyncio.timeout(PATIENCE):
            await opened.play.sandbox.jobs.settled()
        gate.opened.set()
        came = await opened.settled()

        keys = [one.json["data"]["metadata"]["idempotencyKey"] for one in came]
        assert keys == [f"key-{n}" for n in range(30)]


async def test_one_that_waits_for_its_next_try_holds_up_none() -> None:
    async with scene(webhook_waits=(60,)) as opened:
        opened.receiver.statuses = [500]
        for key in ("refused", "taken"):
            await opened.play.event(key)
            await opened.settled()

        assert await opened.states() == ["pending", "delivered"]


async def test_a_campaign_whose_receiver_hangs_holds_up_no_other() -> None:
    async with scene() as opened, receiving() as awake:
        gate = Gate()
        opened.receiver.answer = gate
        other = await opened.play.admin.create_campaign("Other", [EARN5])
        await opened.play.admin.set_webhook(other.id, awake.url)
        for _ in range(20):
            await opened.test()
        await opened.receiver.wait(1)
        for _ in range(3):
            await opened.play.admin.test_webhook(other.id)
        await awake.wait(3)

        assert len(opened.receiver.came) == 1
        gate.opened.set()


async def test_a_delivery_that_is_under_way_is_not_sent_a_second_time() -> None:
    async with scene() as opened:
        gate = Gate()
        opened.receiver.answer = gate
        await opened.test()
        await opened.receiver.wait(1)
        for _ in range(20):
            await opened.play.admin.fund(opened.id, 1)  # each commit makes the sender look
        gate.opened.set()

        assert len(await opened.settled()) == 1


# -- answers that nobody should trust ----------------------------------------------------------


async def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with scene(webhook_waits=()) as opened:
        opened.receiver.answer = elsewhere
        await opened.test()
        came = await opened.settled()

        assert [one.path for one in came] == ["/hook"]
        assert await opened.states() == ["failed"]


async def test_a_receiver_that_takes_too_long_is_asked_again() -> None:
    async with scene(webhook_timeout=0.2, webhook_waits=(1,)) as opened:
        opened.receiver.answer = Gate()
        await opened.test()
        await opened.settled()
        opened.receiver.answer = None
        await opened.turned(1)
        (logged,) = await opened.play.admin.deliveries(opened.id)
        late, taken = logged.attempts

        assert (late.status, late.response) == (None, "no answer within 0.2 s")
        assert late.seconds >= 0.2
        assert (taken.status, logged.state) == (200, "delivered")


async def test_the_log_says_what_was_asked_and_what_came_back() -> None:
    async def talks(_: web.Request) -> web.StreamResponse:
        return web.Response(status=200, text="thank\r\nyou\x1b[31m, Zoë " + "x" * 400)

    async with scene() as opened:
        opened.receiver.answer = talks
        number = await opened.test()
        (came,) = await opened.settled()
        (logged,) = await opened.play.admin.deliveries(opened.id)
        (attempt,) = logged.attempts

        assert (logged.id, logged.event, logged.body.encode()) == (
            number,
            "Webhook.Test",
            came.body,
        )
        assert (attempt.number, attempt.url) == (1, opened.receiver.url)
        assert attempt.signature == came.signature
        assert attempt.response == ("thank you [31m, Zoë " + "x" * 400)[:300]
        assert attempt.at == logged.created_at == "2026-11-23T12:00:00.000Z"
        assert 0 <= attempt.seconds < PATIENCE


# -- where to ----------------------------------------------------------------------------------


async def test_what_is_pending_goes_to_the_url_of_today() -> None:
    async with scene(webhook_waits=(1,)) as opened, receiving() as moved:
        opened.receiver.statuses = [500]
        await opened.test()
        await opened.settled()
        again = await opened.play.admin.set_webhook(opened.id, moved.url)
        await opened.turned(1)

        assert again is None  # the secret stays
        assert (len(opened.receiver.came), len(moved.came)) == (1, 1)


async def test_what_is_pending_when_webhooks_are_switched_off_is_given_up_and_said_so() -> None:
    async with scene(webhook_waits=(1,)) as opened:
        opened.receiver.statuses = [500]
        number = await opened.test()
        await opened.settled()
        await opened.play.admin.set_webhook(opened.id, opened.receiver.url, enabled=False)
        await opened.turned(1)
        (off,) = await opened.play.admin.deliveries(opened.id)
        await opened.play.admin.set_webhook(opened.id, opened.receiver.url)
        await opened.play.admin.resend(opened.id, number)
        came = await opened.settled()

        assert (off.state, len(off.attempts)) == ("failed", 2)
        assert off.attempts[1].response == "not sent: webhooks are switched off"
        assert off.attempts[1].status is None
        assert len(came) == 2
        assert await opened.states() == ["delivered"]


async def test_while_switched_off_nothing_new_is_written_down() -> None:
    async with scene() as opened:
        await opened.play.admin.set_webhook(opened.id, opened.receiver.url, enabled=False)
        await opened.play.event("key-1")
        await opened.settled()
        with pytest.raises(SandboxError, match="400: No webhook URL is set"):
            await opened.test()

        assert await opened.play.admin.deliveries(opened.id) == ()


# -- by hand -----------------------------------------------------------------------------------


async def test_a_delivered_webhook_can_be_sent_again_with_the_same_bytes() -> None:
    async with scene() as opened:
        number = await opened.test()
        await opened.turned(5)
        await opened.play.admin.resend(opened.id, number)
        first, second = await opened.settled()
        (logged,) = await opened.play.admin.deliveries(opened.id)

        assert (first.body, first.signature) == (second.body, second.signature)
        assert [attempt.number for attempt in logged.attempts] == [1, 2]
        assert logged.state == "delivered"


async def test_a_resend_past_the_last_wait_is_a_single_try() -> None:
    async with scene(webhook_waits=(1,)) as opened:
        opened.receiver.statuses = [500, 500, 500]
        number = await opened.test()
        await opened.settled()
        await opened.turned(1)
        await opened.play.admin.resend(opened.id, number)
        await opened.settled()
        given_up = await opened.states()
        await opened.play.admin.resend(opened.id, number)
        came = await opened.turned(3600)

        assert given_up == ["failed"]
        assert len(came) == 4
        assert await opened.states() == ["delivered"]


async def test_a_resend_does_not_wait_for_the_next_try() -> None:
    async with scene(webhook_waits=(3600,)) as opened:
        opened.receiver.statuses = [500]
        number = await opened.test()
        await opened.settled()
        await opened.play.admin.resend(opened.id, number)

        assert len(await opened.settled()) == 2
        assert await opened.states() == ["delivered"]


@pytest.mark.parametrize("first", [200, 500])
async def test_a_resend_during_an_attempt_is_made_after_it(first: int) -> None:
    async with scene(webhook_waits=(3600,)) as opened:
        gate = Gate(first)
        opened.receiver.answer = gate
        number = await opened.test()
        await opened.receiver.wait(1)
        await opened.play.admin.resend(opened.id, number)
        opened.receiver.answer = None
        gate.opened.set()

        assert len(await opened.settled()) == 2
        assert await opened.states() == ["delivered"]


async def test_only_what_was_sent_to_this_campaign_can_be_resent() -> None:
    async with scene() as opened:
        number = await opened.test()
        other = await opened.play.admin.create_campaign("Other", [EARN5])
        await opened.play.admin.set_webhook(other.id, opened.receiver.url)
        for campaign_id, wanted in ((opened.id, number + 1), (other.id, number)):
            with pytest.raises(SandboxError, match="404: Unknown webhook delivery"):
                await opened.play.admin.resend(campaign_id, wanted)

        assert len(await opened.settled()) == 1


# -- trouble of our own ------------------------------------------------------------------------


async def test_an_attempt_that_the_disk_does_not_take_is_recorded_later_and_not_repeated() -> None:
    async with scene() as opened:
        gate = Gate()
        opened.receiver.answer = gate
        await opened.test()
        await opened.receiver.wait(1)
        with full_disk(), capture_logs() as logs:
            gate.opened.set()
            async with asyncio.timeout(PATIENCE):
                while not any(line["action"] == "sandbox_webhooks_wait" for line in logs):
                    await opened.play.shown()
        came = await opened.settled()
        (logged,) = await opened.play.admin.deliveries(opened.id)

        assert len(came) == 1
        assert (logged.state, len(logged.attempts)) == ("delivered", 1)


async def test_a_secret_is_in_no_log_and_no_answer_but_the_first() -> None:
    async with scene(webhook_waits=()) as opened:
        with capture_logs() as logs:
            opened.receiver.statuses = [500]
            await opened.test()
            await opened.settled()
            newer = await opened.play.admin.rotate_secret(opened.id)
            await opened.test()
            await opened.settled()
            told = await opened.play.admin.deliveries(opened.id)

        said = f"{logs} {told} {opened.play.sandbox!r}"
        assert "sandbox_webhook_failed" in said
        assert opened.secret not in said
        assert newer not in said


async def test_a_sandbox_whose_sender_has_died_says_so() -> None:
    async with scene() as opened:
        sender = opened.play.sandbox.sender
        await sender.__aexit__()

        with pytest.raises(SandboxError, match="webhooks have stopped"):
            await sender.settled()


async def test_a_bug_in_sending_stops_it_and_whoever_waits_is_told(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        sender = Sender(desk.keeper, (), PATIENCE)
        await sender.__aenter__()
        await sender._poster.__aexit__()  # whatever it sends now is a failure that nobody foresaw
        await desk.do(lambda books: endpoints.test(books, CAMPAIGN))
        async with asyncio.timeout(LONGEST_PAUSE / 2):
            with pytest.raises(SandboxError, match="webhooks have stopped"):
                await sender.settled()
        with pytest.raises(RuntimeError):
            await sender.__aexit__()


class _Stale(Bookkeeper):
    """Tells what was read only once nothing is under way any more."""

    sender: Sender | None = None
    reading = asyncio.Event()

    async def read(self, work: Work[T]) -> T:
        found = await super().read(work)
        self.reading.set()
        while self.sender is not None and self.sender._sending:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        return found


async def test_what_ends_while_the_books_are_read_is_not_sent_again(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk, receiving() as receiver:
        keeper = _Stale(desk.keeper._database, desk.keeper._sql, desk.clock)
        receiver.answer = gate = Gate()
        await keeper.write(lambda books: endpoints.configure(books, CAMPAIGN, receiver.url))
        async with Sender(keeper, (), 5) as sender:
            await keeper.write(lambda books: endpoints.test(books, CAMPAIGN))
            await receiver.wait(1)
            keeper.sender = sender
            keeper.reading.clear()
            await keeper.write(lambda books: None)
            async with asyncio.timeout(PATIENCE):
                await keeper.reading.wait()
                gate.opened.set()
                await sender.settled()

        assert len(receiver.came) == 1
