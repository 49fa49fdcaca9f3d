"""Two secrets for a while: what was written before a rotation stays as it was signed."""

import pytest

from bridge.errors import SandboxError
from tests.sandbox.webhooks.receiver import EARN5, by_definition, scene


async def test_after_a_rotation_new_webhooks_are_signed_with_the_new_secret() -> None:
    async with scene() as opened:
        await opened.test()
        await opened.settled()
        newer = await opened.play.admin.rotate_secret(opened.id)
        await opened.test()
        before, after = await opened.settled()

        assert newer != opened.secret
        assert len(newer) == 64
        assert int(newer, 16) >= 0
        assert before.signature == by_definition(opened.secret, before.body)
        assert after.signature == by_definition(newer, after.body)


async def test_what_was_written_before_keeps_its_signature_until_the_overlap_ends() -> None:
    async with scene(webhook_waits=(1, 48, 1), secret_overlap=50) as opened:
        opened.receiver.statuses = [500, 500, 500]
        await opened.test()
        await opened.settled()
        newer = await opened.play.admin.rotate_secret(opened.id)
        for seconds in (1, 48, 1):
            await opened.turned(seconds)
        came = opened.receiver.came

        old, new = (by_definition(secret, came[0].body) for secret in (opened.secret, newer))
        assert [one.signature for one in came] == [old, old, old, new]
        assert len({one.body for one in came}) == 1


@pytest.mark.parametrize("during", [True, False])
async def test_a_resend_is_signed_as_before_only_while_that_secret_is_valid(during: bool) -> None:
    async with scene(secret_overlap=50) as opened:
        number = await opened.test()
        await opened.settled()
        newer = await opened.play.admin.rotate_secret(opened.id)
        opened.clock.turn(49.999 if during else 50)
        await opened.play.admin.resend(opened.id, number)
        _, again = await opened.settled()

        assert again.signature == by_definition(opened.secret if during else newer, again.body)


async def test_a_second_rotation_lets_three_secrets_stand_side_by_side() -> None:
    async with scene(webhook_waits=(1,), secret_overlap=50) as opened:
        secrets = [opened.secret]
        for _ in range(2):
            opened.receiver.statuses = [500]
            await opened.test()
            await opened.settled()
            secrets.append(await opened.play.admin.rotate_secret(opened.id))
        await opened.test()
        came = (await opened.turned(1))[-3:]

        signed = {secrets.index(_signer(secrets, one.signature, one.body)) for one in came}
        assert signed == {0, 1, 2}


def _signer(secrets: list[str], signature: str, body: bytes) -> str:
    return next(secret for secret in secrets if by_definition(secret, body) == signature)


async def test_without_an_overlap_the_new_secret_signs_everything_at_once() -> None:
    async with scene(webhook_waits=(1,), secret_overlap=0) as opened:
        opened.receiver.statuses = [500]
        await opened.test()
        await opened.settled()
        newer = await opened.play.admin.rotate_secret(opened.id)
        _, again = await opened.turned(1)

        assert again.signature == by_definition(newer, again.body)


async def test_a_campaign_without_a_url_has_nothing_to_rotate() -> None:
    async with scene() as opened:
        other = await opened.play.admin.create_campaign("Mute", [EARN5])

        with pytest.raises(SandboxError, match="400: No webhook URL is set"):
            await opened.play.admin.rotate_secret(other.id)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://127.0.0.1/", "https://", "https://u:p@example.com/", "x", "/y"],
)
async def test_nothing_is_ever_sent_to_such_a_url(url: str) -> None:
    async with scene() as opened:
        with pytest.raises(SandboxError, match="400: The URL must be https://"):
            await opened.play.admin.set_webhook(opened.id, url)
        await opened.test()

        assert len(await opened.settled()) == 1  # to where it went before
