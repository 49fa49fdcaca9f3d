"""Tells deeds to campaign-bridge, by HTTP and by UDP, each again and again until it is answered.

In: deeds. Out: calls, and a line in the tally for each answer. Knows nothing of the arena.
`Sender.send` only puts a deed in a line: threads do the waiting, the game loop never does.

             send            a call             202, acknowledgement
    (deed) ───────▶ waiting ────────▶ under way ────────────────────▶ acknowledged
                       ▲                  │ 400, 413, 415, 422
                       └── anything else, ┴─────────────────────────▶ refused
                           or silence
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Self

from sample_game.achievements import Deed
from sample_game.doors import Acknowledged, Answer, Bridge, HttpDoor, Later, Refused, UdpDoor
from sample_game.tally import Tally, Via
from sample_game.waiting import Line

FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0  # seconds between two attempts at one call
LONGEST_RETRY_AFTER = 30.0
HTTP_WORKERS = 4


@dataclass(slots=True)
class Call:
    """A deed under way. `first` is its first answer where this call is only a repeat."""

    deed: Deed
    via: Via
    first: Acknowledged | None = None
    attempts: int = 0


class Sender:
    """Sends until answered; use it as a context manager, and `flush` before leaving.

    `duplicates` is the chance that an acknowledged deed is told once more: game servers repeat
    themselves, and it must do no harm. `notice` is given sentences for the server's log.
    """

    def __init__(
        self,
        bridge: Bridge,
        tally: Tally,
        chance: Random,
        *,
        duplicates: float = 0.0,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bridge = bridge
        self._tally = tally
        self._chance = chance
        self._duplicates = duplicates
        self._notice = notice
        self._change = threading.Condition()  # guards the next three
        self._open: dict[str, Call] = {}
        self._away: set[Via] = set()
        self.counts: Counter[str] = Counter()
        #: Keys of the entries that were acknowledged, one a deed.
        self.keys: set[str] = set()
        #: What kept an answer out of the tally, if anything did.
        self.tally_trouble: OSError | None = None
        self._lines: dict[Via, Line[Call]] = {"http": Line(), "udp": Line()}
        self._udp = UdpDoor(bridge)
        jobs = [self._tell_by_udp, self._hear_by_udp, *[self._tell_by_http] * HTTP_WORKERS]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sending. What is not answered by now stays open in the tally."""
        for line in self._lines.values():
            line.close()
        self._udp.stop()
        for thread in self._threads:
            thread.join()
        self._udp.close()

    def send(self, deed: Deed, via: Via) -> None:
        """Take a deed that is in the tally; returns at once, whatever the network does."""
        self._begin(Call(deed, via))

    def flush(self, give_up_after: float) -> list[Deed]:
        """Wait until everything is answered; return the deeds that are still open by then."""
        with self._change:
            self._change.wait_for(lambda: not self._open, timeout=give_up_after)
            return [call.deed for call in self._open.values() if call.first is None]

    # -- the threads --------------------------------------------------------------------------

    def _tell_by_http(self) -> None:
        door, line = HttpDoor(self._bridge), self._lines["http"]
        while (call := line.take()) is not None:
            call.attempts += 1
            self._heard(call, door.tell(call.deed))
        door.close()

    def _tell_by_udp(self) -> None:
        line = self._lines["udp"]
        while (call := line.take()) is not None:
            if not self._is_open_by_udp(call):
                continue
            call.attempts += 1
            line.put(call, self._wait(call))  # to go out again, unless it is answered first
            if (failure := self._udp.tell(call.deed)) is not None:
                self._is_away("udp", failure.reason)

    def _hear_by_udp(self) -> None:
        while (heard := self._udp.hear()) is not None:
            deed_id, answer = heard
            with self._change:
                call = self._open.get(deed_id)
            # An answer to an attempt that was resent too early finds its call answered or begun
            # anew as a repeat by the other door; either way it says nothing that is not known.
            if call is not None and self._is_open_by_udp(call) and call.attempts:
                self._heard(call, answer)

    def _is_open_by_udp(self, call: Call) -> bool:
        with self._change:
            return call.via == "udp" and self._open.get(call.deed.id) is call

    def _wait(self, call: Call) -> float:
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(call.attempts - 1, 16))
        return longest * self._chance.uniform(0.5, 1.0)

    # -- what an answer means -----------------------------------------------------------------

    def _heard(self, call: Call, answer: Answer) -> None:
        if isinstance(answer, Later):
            self._is_away(call.via, answer.reason)
            self._again(call, answer)
        else:
            self._is_back(call.via)
            self._settle(call, answer)

    def _again(self, call: Call, answer: Later) -> None:
        self._lines[call.via].hold(min(answer.after, LONGEST_RETRY_AFTER))
        if call.via == "http" or answer.elsewhere:  # else it is in the line for UDP already
            with self._change:
                call.via = "http"
            self._lines["http"].put(call, self._wait(call))

    def _settle(self, call: Call, answer: Acknowledged | Refused) -> None:
        try:
            self._write_down(call, answer)
        except OSError as error:
            self.tally_trouble = error
        self._count(call, answer)
        again = call.first is None and self._chance.random() < self._duplicates
        if again and isinstance(answer, Acknowledged):
            via: Via = "http" if self._chance.random() < 0.5 else "udp"
            self._begin(Call(call.deed, via, first=answer))
            return
        with self._change:
            del self._open[call.deed.id]
            self._change.notify_all()

    def _begin(self, call: Call) -> None:
        with self._change:
            self._open[call.deed.id] = call
        self._lines[call.via].put(call)

    def _write_down(self, call: Call, answer: Acknowledged | Refused) -> None:
        deed_id = call.deed.id
        match answer:
            case Refused(status, reason) if call.first is None:
                self._tally.refused(deed_id, status, reason)
            case Acknowledged(key, state, duplicate) if call.first is None:
                self._tally.acknowledged(
                    deed_id, key, state, duplicate=duplicate, attempts=call.attempts
                )
            case Acknowledged(key, _, duplicate):
                self._tally.repeated(deed_id, call.via, key, duplicate=duplicate)

    def _count(self, call: Call, answer: Acknowledged | Refused) -> None:
        refused = isinstance(answer, Refused)
        word = "repeated" if call.first else "refused" if refused else "acknowledged"
        with self._change:
            self.counts[word] += 1
            self.counts["resent"] += call.attempts - 1
            if isinstance(answer, Acknowledged) and answer.key is not None:
                self.keys.add(answer.key)
        told = f"{call.deed.achievement} {call.deed.id}"
        if isinstance(answer, Refused):
            self._notice(f"refused for good: {told}: {answer.status} {answer.reason}")
        elif call.first is not None and call.first.key != answer.key:
            self._notice(f"{told} had the key {call.first.key} and now has {answer.key}")

    # -- what the server's log is told --------------------------------------------------------

    def _is_away(self, via: Via, reason: str) -> None:
        with self._change:
            news = via not in self._away
            self._away.add(via)
        if news:
            self._notice(f"{via}: {reason}; sending again until it is acknowledged")

    def _is_back(self, via: Via) -> None:
        with self._change:
            news = via in self._away
            self._away.discard(via)
        if news:
            self._notice(f"{via}: answered again")
