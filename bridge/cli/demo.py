"""`campaign-bridge demo`: the whole promise in under a minute, with real processes.

A sandbox with faults, a daemon that is killed with SIGKILL in mid-match, a game that knows only
the daemon, players of whom half are linked late, by the URLs that their game shows them; the game
announces each payout; then the audit.
"""

import asyncio
import random
import shutil
import tempfile
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import click

from bridge.cli import options
from bridge.cli.audit import Audit, Effect, audit, read_tally
from bridge.cli.crowd import Crowd
from bridge.cli.game import Game, Plan
from bridge.cli.show import Show
from bridge.cli.stage import Program, Stage, until, write_secret
from bridge.errors import CommandError
from bridge.sandbox.admin import CreatedCampaign, EventDefinition, SandboxAdmin

#: What goes wrong between daemon and sandbox, as probabilities of a call.
FAULTS = {
    "error_500": 0.08,
    "rate_limit": 0.01,
    "answer_lost": 0.03,
    "reset_before": 0.03,
    "reset_after": 0.03,
}

#: What the sample game's deeds pay.
PRICES = {
    "first_blood": "1.50",
    "frag": "0.01",
    "kill_streak_5": "0.25",
    "comeback": "0.50",
    "flag_capture": "0.10",
    "match_won": "2.00",
}
#: Seconds after the match until everything is paid.
_SETTLE = 60.0


@click.command("demo")
@click.option("--keep", is_flag=True, help="Leave everything running and say what to try next.")
@click.option("--seed", type=int, help="Repeat a match; a random one otherwise.")
@click.option("--seconds", type=float, default=20.0, show_default=True, help="Length of the match.")
@options.fault
def command(*, keep: bool, seed: int | None, seconds: float, faults: dict[str, float]) -> int:
    """Play a match, kill the daemon in the middle of it, and audit what was paid."""
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    folder = Path(tempfile.mkdtemp(prefix="campaign-bridge-demo-"))
    plan = Plan(seed, faults or FAULTS, seconds)
    verdict = asyncio.run(Demo(folder, plan).run(keep=keep))
    click.echo(str(verdict))
    if not verdict.clean:
        raise CommandError(
            "the audit does not balance",
            hint=f"The logs, the tally and both databases are in {folder}; please report it.",
        )
    if not keep:
        shutil.rmtree(folder)
    return 0


class Demo:
    """One run of the demo in a folder of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._plan = plan
        self._stage = Stage.in_folder(folder)
        self._chance = random.Random(plan.seed)  # noqa: S311  # a game's chance, repeatable
        self._show = Show()
        self._game = Game(self._stage, plan)
        self._crowd: Crowd
        self._programs: list[Program] = []
        self._killed = 0

    async def run(self, *, keep: bool) -> Audit:
        """Play, and return the audit.

        Raises:
            CommandError: a part did not do what it should; the message says which.
        """
        async with AsyncExitStack() as rooms:
            if not keep:
                rooms.push_async_callback(self._end)
            admin = await rooms.enter_async_context(
                SandboxAdmin(self._stage.sandbox_url, self._stage.secret("admin-token"))
            )
            session = await rooms.enter_async_context(aiohttp.ClientSession())
            campaign, daemon = await self._set_up(admin, session)
            with self._show:
                await self._play(daemon, admin, session, campaign)
            verdict = await self._audit(admin, session, campaign)
            if keep:
                self._say_what_next(verdict)
            return verdict

    async def _end(self) -> None:
        for program in reversed(self._programs):
            await program.stop()

    # -- setting up -------------------------------------------------------------------------

    async def _set_up(
        self, admin: SandboxAdmin, session: aiohttp.ClientSession
    ) -> tuple[CreatedCampaign, Program]:
        self._show.say(f"folder   {self._stage.folder} (removed at the end; --keep leaves it)")
        self._show.say(f"seed     {self._plan.seed}")
        sandbox = self._stage.sandbox("--job-delay=0.2", f"--seed={self._plan.seed}")
        self._programs.append(sandbox)
        await sandbox.start()
        self._show.say(f"sandbox  {self._stage.sandbox_url}")
        campaign = await self._campaign(admin, session)
        players = await self._game.roster()
        self._crowd = Crowd(self._stage, admin, session, campaign, players)
        hook = await admin.set_webhook(campaign.id, f"{self._stage.bridge_url}/webhooks/oncade")
        write_secret(self._stage.folder / "hook-secret", hook or "")
        hooks = 'webhook_secret_files = ["hook-secret"]\n'
        self._stage.configure(campaign.id, campaign.api_key, hooks)
        daemon = self._stage.daemon()
        self._programs.append(daemon)
        await daemon.start()
        self._show.say(f"daemon   {self._stage.bridge_url}")
        self._say_linked(await self._crowd.link_by_hand(), "by hand")
        await admin.set_faults(self._plan.faults)
        told = ", ".join(f"{name} {chance:g}" for name, chance in self._plan.faults.items())
        self._show.say(f"faults   {told}")
        return campaign, daemon

    async def _campaign(
        self, admin: SandboxAdmin, session: aiohttp.ClientSession
    ) -> CreatedCampaign:
        events = [EventDefinition(code, Decimal(price)) for code, price in PRICES.items()]
        campaign = await admin.create_campaign("Demo", events, environment="test")
        await admin.fund(campaign.id, "10000")
        url = f"{self._stage.sandbox_url}/api/v1/campaign/{campaign.id}/start"
        headers = {"Authorization": f"Bearer {campaign.api_key}", "X-Campaign-Id": campaign.id}
        async with session.put(url, headers=headers) as answer:
            if answer.status != 202:
                raise CommandError(f"the sandbox did not start the campaign: {answer.status}")

        async def active() -> bool:
            return any(found.status == "Active" for found in await admin.campaigns())

        await until(active, 10, "the campaign does not become active")
        self._show.say(f"campaign {campaign.id}, funded and active")
        return campaign

    def _say_linked(self, number: int, how: str) -> None:
        self._show.say(f"linked   {number} of {len(self._crowd.players)} players, {how}")

    def _as_operator(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._stage.secret('operator-token')}"}

    # -- the match --------------------------------------------------------------------------

    async def _play(
        self,
        daemon: Program,
        admin: SandboxAdmin,
        session: aiohttp.ClientSession,
        campaign: CreatedCampaign,
    ) -> None:
        process = await self._game.start()
        watching = asyncio.create_task(self._watch(admin, session, campaign))
        try:
            await self._trouble(daemon)
            await self._game.ended(process)
            self._overhear()
            await self._settled(admin, session, campaign)
        finally:
            watching.cancel()
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _trouble(self, daemon: Program) -> None:
        """Kill the daemon at random instants of the match; link the rest half-way through."""
        length, began = self._plan.seconds, monotonic()
        instants = sorted(self._chance.uniform(0.1, 0.9) * length for _ in range(self._plan.kills))
        half = length / 2
        linked = False
        for instant in sorted([*instants, half]):
            await asyncio.sleep(max(0.0, instant - (monotonic() - began)))
            if instant == half and not linked:
                self._say_linked(await self._crowd.link_by_url(), "by the URLs of their game")
                linked = True
                continue
            await daemon.kill()
            self._killed += 1
            self._show.say(f"kill -9  daemon, {monotonic() - began:.1f} s into the match")
            await daemon.start()

    async def _settled(
        self, admin: SandboxAdmin, session: aiohttp.ClientSession, campaign: CreatedCampaign
    ) -> None:
        """Wait until nothing is open any more; what stays open is for the audit to tell."""
        feats = len(read_tally(self._game.tally))

        async def over() -> bool:
            status = await self._status(session)
            if status.get("ledger", {}).get("quarantine"):
                return True  # the API has paid more than the ledger knows: nothing more is sent
            keys = {payout.key for payout in await admin.ledger(campaign.id)}
            return _entries(status).get("confirmed", 0) >= feats and len(keys) >= feats

        with suppress(CommandError):
            await until(over, _SETTLE, "not everything was paid")

    # -- watching and auditing --------------------------------------------------------------

    async def _watch(
        self, admin: SandboxAdmin, session: aiohttp.ClientSession, campaign: CreatedCampaign
    ) -> None:
        while True:
            achieved = len(read_tally(self._game.tally)) if self._game.tally.exists() else 0
            entries = _entries(await self._status(session))
            paid = len(await admin.ledger(campaign.id))
            self._show.numbers(achieved, entries, paid, self._killed)
            self._overhear()
            await asyncio.sleep(0.5)

    def _overhear(self) -> None:
        for line in self._game.chat.news():
            self._show.say(f"chat     {line}")

    async def _status(self, session: aiohttp.ClientSession) -> dict[str, Any]:
        """Return what the daemon says of itself; nothing while it is away."""
        url = f"{self._stage.bridge_url}/v1/operator/status"
        try:
            async with session.get(url, headers=self._as_operator()) as answer:
                status: dict[str, Any] = await answer.json()
                return status
        except (aiohttp.ClientError, OSError):
            return {}

    async def _audit(
        self, admin: SandboxAdmin, session: aiohttp.ClientSession, campaign: CreatedCampaign
    ) -> Audit:
        effects = [
            Effect(payout.key, payout.user_ref, payout.event_code)
            for payout in await admin.ledger(campaign.id)
        ]
        keys = [effect.key for effect in effects if effect.key is not None]
        feats = read_tally(self._game.tally)
        ours = {feat.key for feat in feats}
        entry_of = {key: await self._entry_of(session, key) for key in keys if key not in ours}
        return audit(feats, effects, self._crowd.refs, entry_of)

    async def _entry_of(self, session: aiohttp.ClientSession, key: str) -> str:
        """Ask the outbox which entry a wire key belongs to; a stranger's key is nobody's."""
        url = f"{self._stage.bridge_url}/v1/achievements/{key}"
        async with session.get(url, headers=self._as_operator()) as answer:
            receipt: dict[str, Any] = await answer.json()
        return str(receipt.get("key", "nobody's"))

    def _say_what_next(self, verdict: Audit) -> None:
        stage = self._stage
        config = stage.folder / "config.toml"
        key = read_tally(self._game.tally)[0].key
        pids = [str(p.process.pid) for p in self._programs if p.process is not None]
        program = f"campaign-bridge --config {config}"
        self._show.say("")
        self._show.say(f"sandbox  {stage.sandbox_url}   daemon  {stage.bridge_url}")
        self._show.say("all of it keeps running; the next three commands to try:")
        self._show.say(f"  export RUNTIME_DIRECTORY={stage.folder / 'run'}")
        self._show.say(f"  {program} status")
        self._show.say(f"  {program} outbox show {key}")
        player = self._crowd.players[0]
        self._show.say(f"  {program} send {player} first_blood --id my-match/1")
        self._show.say(f"end it with: kill {' '.join(pids)}")
        self._show.say("")


def _entries(status: dict[str, Any]) -> dict[str, int]:
    """Return the entries by state."""
    campaigns = status.get("campaigns")
    found: dict[str, int] = campaigns[0]["entries"] if campaigns else {}
    return found
