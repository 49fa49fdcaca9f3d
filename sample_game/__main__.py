"""The server: plays one match, tells its achievements, waits until they are acknowledged.

In: the command line. Out: a tally, play-by-play, a summary and an exit code. It owns the clock,
the random match id and the signals; everything else is handed to the parts.
"""

import json
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from random import Random

from sample_game.achievements import Deed, Referee
from sample_game.announcing import Herald
from sample_game.arena import Happening, new_arena, step
from sample_game.linking import Greeter
from sample_game.options import Options, read_options
from sample_game.roster import Player, muster
from sample_game.sender import Sender
from sample_game.story import tell
from sample_game.tally import Tally, Via, unanswered

UDP_SHARE = 0.4  # of the deeds; the others go by HTTP


def main(argv: Sequence[str], stop: threading.Event) -> int:
    """Run one match and return the exit code; `stop` ends the match early, not the sending."""
    options = read_options(argv)
    players = muster(options.seed, options.bots)
    if options.roster:
        print(json.dumps([{"player": player.id, "name": player.name} for player in players]))
        return 0
    try:
        return _serve(options, players, stop)
    except OSError as error:
        _log(f"error: {error}")
        return 1


def _serve(options: Options, players: Sequence[Player], stop: threading.Event) -> int:
    left_over = unanswered(options.tally)
    chance = Random(f"{options.seed}/sender")
    trouble: OSError | None = None
    with (
        Tally(options.tally) as tally,
        _company(options, players) as herald,
        Sender(options.bridge, tally, chance, duplicates=options.duplicates, notice=_log) as sender,
    ):
        for deed, via in left_over:  # an earlier run was killed before these were acknowledged
            sender.send(deed, via)
        achieved = 0
        try:
            for deed, via in _play(options, players, stop):
                tally.achieved(deed, via)  # before it is sent: what is paid must be known here
                sender.send(deed, via)
                achieved += 1
        except OSError as error:
            trouble = error  # the match is over, but not for what is under way
        still_open = sender.flush(options.give_up_after)
        if herald is not None:
            herald.wait(sender.keys, options.payouts)
            said = len(herald.announced & sender.keys)
            _say(f"== {said} of {len(sender.keys)} payouts announced")
    trouble = trouble or sender.tally_trouble
    if trouble:
        _log(f"error: {trouble}")
    counts = Counter({"achieved": achieved, "left over": len(left_over)}) + sender.counts
    return _sum_up(counts, still_open) or (1 if trouble else 0)


@contextmanager
def _company(options: Options, players: Sequence[Player]) -> Iterator[Herald | None]:
    """Greet the players and announce their payouts while the server runs, where asked to."""
    with ExitStack() as company:
        if options.link_at is not None:
            company.enter_context(Greeter(options.bridge, players, options.link_at, _say, _log))
        herald = None
        if options.payouts > 0:
            herald = company.enter_context(Herald(options.bridge, players, _say, _log))
            herald.ready.wait(options.bridge.timeout)  # what is paid before that goes unsaid
        yield herald


def _play(
    options: Options, players: Sequence[Player], stop: threading.Event
) -> Iterator[tuple[Deed, Via]]:
    match_id = options.match_id or str(uuid.uuid4())
    referee = Referee(match_id, players, lambda: datetime.now(UTC))
    doors = Random(f"{options.seed}/doors")
    say: Callable[[str], None] = (lambda _: None) if options.quiet else _say
    say(f"== match {match_id}, seed {options.seed}, {options.bots} bots")
    for happening in _happenings(options, stop):
        say(tell(happening, players))
        for deed in referee.deeds(happening):
            yield deed, "udp" if doors.random() < UDP_SHARE else "http"


def _happenings(options: Options, stop: threading.Event) -> Iterator[Happening]:
    """Let the clock run. A late tick is caught up with, so the match ends when it should."""
    arena = new_arena(options.bots, options.ticks)
    chance = Random(f"{options.seed}/match")
    began = time.monotonic()
    while not arena.over:
        arena, happenings = step(arena, chance)
        yield from happenings
        due = began + arena.tick / options.speed if options.speed else 0.0
        if stop.wait(max(0.0, due - time.monotonic())):
            return


def _sum_up(counts: Counter[str], still_open: Sequence[Deed]) -> int:
    for deed in still_open:
        _log(f"still open: {json.dumps(deed.message())}")
    earlier = f" and {counts['left over']} left over" if counts["left over"] else ""
    _say(
        f"== {counts['achieved']} achieved{earlier}: {counts['acknowledged']} acknowledged, "
        f"{counts['refused']} refused, {len(still_open)} open; "
        f"{counts['resent']} resent, {counts['repeated']} repeated"
    )
    return 1 if still_open or counts["refused"] else 0


def _say(line: str) -> None:
    print(line, flush=True)


def _log(line: str) -> None:
    sys.stderr.write(f"sample_game: {line}\n")
    sys.stderr.flush()


def run() -> int:
    """Run with this process's arguments, streams and signals."""
    stop = threading.Event()

    def interrupt(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt  # the second one: somebody does not want to wait
        stop.set()

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # no terminal's encoding ends a match
    try:
        return main(sys.argv[1:], stop)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
