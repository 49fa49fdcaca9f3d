"""Entries as JSON lines: everything that is known of each, however many there are."""

import asyncio
import json
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.errors import StoreError
from bridge.outbox.archive.exporting import VERSION, Which, export
from bridge.outbox.store import open_outbox
from bridge.testing import START
from tests.outbox.archive.full import keys_in, made
from tests.outbox.play import ALICE, CAMPAIGN
from tests.support.clock import FakeClock

FIELDS = {
    "v",
    "key",
    "campaign",
    "player",
    "userRef",
    "event_code",
    "feat",
    "occurrence",
    "state",
    "reason",
    "amount",
    "created_at",
    "updated_at",
    "accepted_at",
    "unproven_since",
    "tries",
    "body",
    "rule",
    "message",
    "wire_keys",
    "attempts",
    "journal",
    "payout",
    "webhooks",
}


def test_each_entry_is_there_once_with_every_field(path: Path) -> None:
    found = list(export(path, Which()))

    assert [each["key"] for each in found] == list(dict.fromkeys(each["key"] for each in found))
    assert {each["key"] for each in found} == set(map(str, keys_in(path)))
    assert {frozenset(each) for each in found} == {frozenset(FIELDS)}
    assert {each["v"] for each in found} == {VERSION}
    assert json.loads(json.dumps(found)) == found


def test_every_field_is_explained() -> None:
    page = (Path(__file__).parents[3] / "docs/keeping.md").read_text()

    assert [field for field in sorted(FIELDS) if f"| `{field}`" not in page] == []


def test_a_line_holds_the_whole_receipt(path: Path) -> None:
    paid = next(each for each in export(path, Which(state="confirmed")))

    assert paid["attempts"][0]["status"] == 202
    assert paid["payout"]["id"] == "tx_1"
    assert paid["webhooks"][0]["became"] == "confirmed"
    assert paid["message"]["raw"] == '{"a": 1}'
    assert json.loads(paid["body"])["userRef"] == "usr_1"
    assert paid["rule"]["match"] == "*"


@pytest.mark.parametrize(
    ("which", "number"),
    [
        (Which(state="discarded"), 1),
        (Which(player="name:Nobody"), 1),
        (Which(player=ALICE, state="discarded"), 1),
        (Which(campaign="other"), 0),
        (Which(campaign=CAMPAIGN, state="dead"), 1),
        (Which(since=START + timedelta(days=1)), 0),
    ],
)
def test_only_what_is_asked_for(path: Path, which: Which, number: int) -> None:
    assert len(list(export(path, which))) == number


async def test_it_goes_on_beside_a_daemon(path: Path) -> None:
    async with open_outbox(path, FakeClock(), machine="one"):
        found = await asyncio.to_thread(lambda: list(export(path, Which())))

    assert len(found) == len(keys_in(path))


def test_ten_times_as_many_need_no_more_memory(whole: Path, tmp_path: Path) -> None:
    asyncio.run(made(tmp_path / "outbox.db", 4000))
    needed = [_peak(whole), _peak(whole), _peak(tmp_path / "outbox.db")]

    assert needed[2] < 2 * needed[1]


def _peak(path: Path) -> int:
    tracemalloc.start()
    try:
        for _ in export(path, Which()):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_is_no_outbox_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"no database" * 1000)

    with pytest.raises(StoreError, match=r"outbox\.db"):
        list(export(tmp_path / "outbox.db", Which()))
