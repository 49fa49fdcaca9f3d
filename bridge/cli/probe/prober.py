"""Probing: every key is sent once at the beginning, and once more when its gap is over.

In: a probe, a way to keep it, the calls, time. Out: the probe, judged. History rows carry no key,
so keys are sent again one after the other, each only when the count of payouts stands still.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from bridge.cli.probe.moments import Time
from bridge.cli.probe.trials import Probe, Trial, Verdict, verdict
from bridge.cli.probe.wire import Wire
from bridge.errors import CommandError
from bridge.record import record

#: Times the slowest payout that a count must stand still for; seconds between two counts at most.
_SLOWER: Final = 3.0
_EVERY: Final = 10.0
#: Seconds of a wait in one piece: a machine that slept is noticed.
_PIECE: Final = 30.0
#: Seconds that the first payouts get at least, and as a multiple of the time to settle.
_FIRST_PAYOUTS: Final = 600.0
_FIRST_SETTLES: Final = 10.0


class Tells(Protocol):
    """Who is told how it goes."""

    def waits(self, text: str) -> None:
        """Tell what is waited for."""
        ...

    def judged(self, trial: Trial) -> None:
        """Tell a verdict."""
        ...


@record
class Manner:
    """How a probe is made: `settle` seconds without a new payout make a count; with `once`,
    nothing is waited for that isn't due."""

    settle: float
    once: bool = False


class Prober:
    """Carries one probe on from wherever it was left."""

    def __init__(
        self,
        probe: Probe,
        keep: Callable[[Probe], None],
        wire: Wire,
        time: Time,
        tells: Tells,
        manner: Manner,
    ) -> None:
        self.probe = probe
        self._keep = keep
        self._wire = wire
        self._time = time
        self._tells = tells
        self._manner = manner

    async def run(self, allowed: Callable[[], Awaitable[None]]) -> Probe:
        """Go on to the end, or with `once` to what isn't due yet.

        `allowed` is awaited before a key is sent again; what it raises ends the run.

        Raises:
            CommandError: the payouts of the first events don't come, or nothing can be kept.
            CampaignError: the API refuses, in a way that does not pass by itself.
        """
        sent_now = await self._send_all()
        if self.probe.count is None:
            await self._await_first_payouts(sent_now=sent_now)
        while (number := self.probe.next()) is not None:
            if not await self._is_due(self.probe.trials[number]):
                break
            if self.probe.trials[number].answered is None:
                await allowed()
                await self._resend(number)
            await self._judge(number)
        return self.probe

    def _put(self, probe: Probe) -> None:
        self._keep(probe)
        self.probe = probe

    # -- the first time ---------------------------------------------------------------------

    async def _send_all(self) -> bool:
        """Send every key that wasn't taken yet; return whether there was one."""
        open_ = [n for n, trial in enumerate(self.probe.trials) if trial.accepted is None]
        for number in open_:
            self._tells.waits(f"sending the first events of {len(self.probe.trials)} gaps")
            taken = await self._send(number, partial(self._mark_first, number))
            if not taken:
                raise CommandError(
                    "the API answers 409 to a key that is new",
                    hint="Begin anew: --forget, then the same command.",
                )
            self._put(self.probe.with_trial(number, accepted=self._time.now()))
        return bool(open_)

    def _mark_first(self, number: int) -> None:
        if self.probe.trials[number].first is None:
            self._put(self.probe.with_trial(number, first=self._time.now()))

    async def _await_first_payouts(self, *, sent_now: bool) -> None:
        """Wait until each first event is paid: one that came later would look like a second."""
        expected = self.probe.base + len(self.probe.trials)
        patience = max(_FIRST_PAYOUTS, _FIRST_SETTLES * self._manner.settle)
        began = self._time.steady()
        while True:
            count, changed = await self._settled(f"the first {len(self.probe.trials)} payouts")
            if count >= expected:
                break
            if (self._time.steady() - began).total_seconds() >= patience:
                raise _unpaid(count - self.probe.base, len(self.probe.trials))
        lag = self._lag(changed) if sent_now else 0.0
        others = count != expected
        self._put(self.probe.model_copy(update={"count": count, "lag": lag, "others": others}))

    def _lag(self, changed: datetime) -> float:
        """Return how long the payouts took; a count later must stand still for longer."""
        accepted = [t.accepted.steady for t in self.probe.trials if t.accepted is not None]
        return max(0.0, (changed - max(accepted)).total_seconds())

    # -- once more --------------------------------------------------------------------------

    async def _is_due(self, trial: Trial) -> bool:
        due = trial.due
        while due is not None and (left := (due - self._time.steady()).total_seconds()) > 0:
            if self._manner.once:
                return False
            self._tells.waits(f"the next key is sent again at {due:%Y-%m-%d %H:%M:%S} UTC")
            await self._time.sleep(min(left, _PIECE))
        return True

    async def _resend(self, number: int) -> None:
        if self.probe.trials[number].resent is None:
            await self._stand_still()
        self._tells.waits("sending a key again")

        def mark() -> None:
            # The count is that of before the first attempt, interrupted or not: what came since
            # may be its own.
            noted = {"before": self.probe.count, "resent": self._time.now()}
            self._put(self.probe.with_trial(number, **noted))

        taken = await self._send(number, mark)
        why = "" if taken else "conflict"
        self._put(self.probe.with_trial(number, answered=self._time.now(), why=why))

    async def _stand_still(self) -> None:
        """See that nothing was paid since the last verdict; where something was, doubt that one."""
        probe = self.probe
        if await self._wire.count(probe.user_ref, probe.event_code) == probe.count:
            return
        count, _ = await self._settled("payouts that this probe did not expect")
        if count == probe.count:
            return
        if (last := probe.last) is not None:
            why = f"the count went from {probe.count} to {count} after it was judged"
            probe = probe.with_trial(last, verdict=Verdict.INCONCLUSIVE, why=why)
            self._tells.judged(probe.trials[last])
        self._put(probe.model_copy(update={"count": count, "others": True}))

    async def _judge(self, number: int) -> None:
        after, _ = await self._settled("the payout of a key that was sent again")
        trial, others = self.probe.trials[number], self.probe.others
        before = trial.before or 0
        found, why = verdict(before, after, taken=not trial.why, others=others)
        judged = self.probe.with_trial(number, after=after, verdict=found, why=why)
        unexplained = after - before not in {0, 1}
        changes = {"count": after, "last": number, "others": others or unexplained}
        self._put(judged.model_copy(update=changes))
        self._tells.judged(self.probe.trials[number])

    # -- both -------------------------------------------------------------------------------

    async def _send(self, number: int, mark: Callable[[], None]) -> bool:
        key, body = self.probe.trials[number].key, self.probe.body.encode()
        return await self._wire.send(key, body, self.probe.event_code, mark)

    async def _settled(self, what: str) -> tuple[int, datetime]:
        """Return the count once it has stood still, and since when it did."""
        user_ref, event_code = self.probe.user_ref, self.probe.event_code
        settle = max(self._manner.settle, _SLOWER * self.probe.lag)
        count = await self._wire.count(user_ref, event_code)
        since = looked = self._time.steady()
        while (left := settle - (looked - since).total_seconds()) > 0:
            self._tells.waits(f"waiting for {what}: {count} counted")
            await self._time.sleep(min(left, settle / 4, _EVERY))
            looked = self._time.steady()
            if (now := await self._wire.count(user_ref, event_code)) != count:
                count, since = now, self._time.steady()
                looked = since
        return count, since


def _unpaid(came: int, expected: int) -> CommandError:
    return CommandError(
        f"of {expected} first events only {came} are paid; a payout that came later could not be "
        "told from one that a forgotten key makes",
        hint="Where payouts are only slow, the same command goes on waiting. Where one has failed, "
        "begin anew: --forget, then the same command.",
    )
