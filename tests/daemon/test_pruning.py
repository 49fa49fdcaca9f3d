"""The daemon tidies the outbox by itself, and no refusal of the disk ends that."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.daemon.pruning import prune_policy, pruning
from bridge.errors import StoreFull
from bridge.outbox.archive.pruning import Policy, Pruned
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.settings.files import load_settings
from tests.support.clock import FakeClock

DAY = 24 * 3600.0


class Counted(SqliteOutbox):
    """An outbox that tells of each pruning, and refuses the first."""

    async def prune(self, policy: Policy, **terms: Any) -> Pruned:
        self.tried.append(policy)
        self.more.set()
        if len(self.tried) == 1:
            raise StoreFull
        return await super().prune(policy, **terms)

    def watched(self) -> None:
        self.tried: list[Policy] = []
        self.more = asyncio.Event()


def _never(task: "asyncio.Task[None]") -> None:
    assert task.cancelled()


async def test_it_is_done_again_and_again_also_after_a_refusal(tmp_path: Path) -> None:
    async with open_outbox(tmp_path / "outbox.db", FakeClock()) as opened:
        outbox = Counted(opened.database, FakeClock(), opened.check)
        outbox.watched()
        async with pruning(outbox, Policy(DAY), _never, first=0.0, every=0.0):
            while len(outbox.tried) < 3:
                outbox.more.clear()
                await asyncio.wait_for(outbox.more.wait(), 10)

    assert set(outbox.tried) == {Policy(DAY)}


@pytest.mark.parametrize(
    ("told", "bodies"),
    [("", 90 * DAY), ('keep_bodies = "forever"', None), ("keep_bodies = 60", 60)],
)
def test_the_policy_is_that_of_the_settings(
    tmp_path: Path, told: str, bodies: float | None
) -> None:
    (tmp_path / "config.toml").write_text(f"[outbox]\n{told}\n")

    policy = prune_policy(load_settings(tmp_path / "config.toml"))

    assert policy.bodies == bodies
    assert policy.journal == 730 * DAY
