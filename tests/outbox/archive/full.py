"""An outbox with rows of every kind, and the kinds of damage that files suffer.

In: a path. Out: an outbox at it whose every table holds rows; the same, damaged. Knows nothing of
what is tested.
"""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from bridge.outbox.contract import Outbox
from bridge.outbox.links import CodeFor
from bridge.outbox.proofs import Balance, Failed, History, Noted, Payout
from bridge.outbox.store import open_outbox
from bridge.outbox.values import (
    Answer,
    Aside,
    Dead,
    Decision,
    Doubtful,
    NewEntry,
    Turn,
)
from bridge.outbox.views import LaneTerms, Listing
from bridge.rules.book import Rule
from bridge.rules.occurrence import Repeat
from bridge.testing import START
from tests.outbox.braked import braked
from tests.outbox.counting import counting, deed, put
from tests.outbox.play import ALICE, BOB, CAMPAIGN, Play, entry, message_id, terms
from tests.outbox.sessions import PENDING, begin, look
from tests.outbox.told import LOOKS, hears, paid
from tests.support.clock import FakeClock

PAGE = 4096
#: As the daemon keeps rules.
RULE = Rule("*", CAMPAIGN, None, None, Repeat.DEFAULT, "UTC").definition
WINS = Rule("won", CAMPAIGN, "WINS", None, Repeat.PER_ID, "UTC").definition


def ours(new: NewEntry) -> NewEntry:
    """Return an entry as a rule of the settings would have made it."""
    return replace(new, rule=RULE)


async def fill(play: Play, entries: int = 0) -> None:
    """Put rows of every kind into an outbox, and so many entries more."""
    outbox = play.outbox
    await outbox.adopt_lanes([LaneTerms(CAMPAIGN, per_user=0)])
    await outbox.adopt_rules([RULE, WINS], "operator accepted")
    await outbox.adopt_sources({"arena": "match"})
    await outbox.take_balance(Balance(CAMPAIGN, Decimal(7), [("EARN5", Decimal("0.25"))]))
    await _in_every_state(play)
    await _beside_entries(play)
    if entries:
        more = [ours(entry(1000 + n, message_id=message_id(f"m{n}"))) for n in range(entries)]
        for start in range(0, entries, 500):
            await outbox.put(more[start : start + 500])


async def _in_every_state(play: Play) -> None:
    outbox = play.outbox
    confirmed = await play.put(ours(entry(1, message_id=message_id("one"))))
    await play.accept(await play.claim())
    await hears(play, paid(confirmed))
    await play.put(ours(entry(2, code="ACCEPTED")))
    await play.accept(await play.claim())
    await play.put(ours(entry(3, code="DEAD")))
    await play.settle(await play.claim(), Dead("refused", unsent=True), Answer("refused", 422))
    await play.put(ours(entry(4, code="UNCERTAIN")))
    await play.attempt(Doubtful("past_key_horizon"))
    gone = await play.put(ours(entry(5, code="GONE")))
    await outbox.decide(gone, Decision.DISCARD, "operator alice")
    failed = await play.put(ours(entry(9, code="FAILED")))
    await play.accept(await play.claim())
    await hears(play, Failed(failed, "no funds"))
    await outbox.decide(failed, Decision.RETRY, "operator alice")
    await play.accept(await play.claim())  # under its second wire key
    await outbox.put([ours(entry(6, player="name:Nobody"))])  # held: nobody knows whom to pay
    await outbox.put([ours(braked(7, player_day=1)), ours(braked(8, player_day=1))])
    await outbox.take_history(
        History(CAMPAIGN, "usr_9", [Payout("usr_9", "EARN5", "tx_9", Decimal("0.25"), START)]),
        LOOKS,
    )
    await hears(play, Noted(), b'{"event": "Ping"}')


async def _beside_entries(play: Play) -> None:
    outbox = play.outbox
    await outbox.link(CAMPAIGN, BOB, "usr_2", "operator alice")
    await put(play, deed("won", counting(rule=WINS)))
    session = await begin(play)
    await look(play, session, PENDING)
    await outbox.give_code("1234", CodeFor(CAMPAIGN, ALICE), 600)
    aside = Aside(START, "", "position", b"gibberish", "no such line")
    turn = Turn("arena", "engine", "", '{"slots": {}}', "place", [aside])
    await outbox.put([], turn)
    await outbox.pause(CAMPAIGN, "operator alice", "a fair")


async def made(path: Path, entries: int = 0) -> set[UUID]:
    """Make an outbox with rows of every kind at `path`; return its keys."""
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await fill(Play(outbox, FakeClock()), entries)
    return keys_in(path)


def keys_in(path: Path) -> set[UUID]:
    """Return the keys of all entries."""
    with closing(sqlite3.connect(path)) as db:
        return {UUID(bytes=row[0]) for row in db.execute("SELECT key FROM entries")}


def tables_in(path: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(sqlite3.connect(path)) as db:
        names = [
            row[0]
            for row in db.execute(
                "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


async def works(outbox: Outbox) -> None:
    """See that every side of it answers."""
    await outbox.counts()
    for view in await outbox.listing(Listing(limit=10_000)):
        await outbox.receipt(view.key)
    await outbox.remembered_rules()
    await outbox.remembered_sources()
    await outbox.links()
    await outbox.changes(0)
    await outbox.claim(CAMPAIGN, 5, terms())


# -- damage ---------------------------------------------------------------------------------


def flip(path: Path, chance: random.Random, bits: int) -> None:
    """Flip single bits anywhere in the file."""
    data = bytearray(path.read_bytes())
    for _ in range(bits):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def overwrite(path: Path, page: int, filling: bytes = b"\xa5") -> None:
    """Fill one page with something else; pages are counted from 1."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(filling * PAGE)


def truncate(path: Path, pages: int) -> None:
    """Cut the file after so many pages, in the middle of the next one."""
    with path.open("r+b") as file:
        file.truncate(pages * PAGE + PAGE // 3)


def pages_of(path: Path, name: str) -> list[int]:
    """Return the pages of a table or index, its root first."""
    with closing(sqlite3.connect(path)) as db:
        found = [row[0] for row in db.execute("SELECT pageno FROM dbstat WHERE name = ?", (name,))]
        asked = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (root,) = db.execute(asked, (name,)).fetchone()
    return [root, *(page for page in found if page != root)]
