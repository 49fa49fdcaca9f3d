"""`campaign-bridge status`: one screen on how things stand."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.desk import Counter, desk_for
from bridge.cli.printing import (
    MESSAGE,
    one_line,
    plural,
    print_json,
    say,
    since,
    span,
)
from bridge.cli.tables import print_table
from bridge.control.health import RELOAD_REFUSED, ledger_reasons, reload_refused
from bridge.control.views import Json

_STATES = ("due", "sending", "held", "accepted", "confirmed", "uncertain", "dead", "discarded")


@click.command("status")
@options.as_json
@click.pass_obj
def command(config: Path, *, as_json: bool) -> None:
    """Show the daemon, its lanes, the backlog and what is wrong.

    Works without a daemon, too: then it shows what the outbox holds. Exit code 0 in both cases;
    with --json, "daemon" is null where none runs.
    """
    counter, status = asyncio.run(_status(config, quiet=as_json))
    if as_json:
        print_json(status)
    else:
        _print(counter, status)


async def _status(config: Path, *, quiet: bool) -> tuple[Counter, Json]:
    async with desk_for(config, quiet=quiet) as counter:
        nothing: Json = {
            "daemon": None,
            "lanes": [],
            "reasons": [],
            "confirming": [],
            "webhooks": {},
            "payout_lag": None,
            "intake": {},
            "sources": [],
            "outbox_check": None,
        }
        found = {"outbox": str(counter.outbox), **nothing, **await counter.desk.status()}
        found["reasons"] = [*found["reasons"], *map(asdict, ledger_reasons(found))]
        told = {reason["code"] for reason in found["reasons"]}
        if counter.unreadable is not None and RELOAD_REFUSED not in told:  # nobody tried it yet
            found["reasons"].append(asdict(reload_refused(str(counter.unreadable))))
        return counter, found


def _print(counter: Counter, status: Json) -> None:
    _print_daemon(status["daemon"])
    _print_check(status["outbox_check"])
    _print_reasons(status)
    if status["lanes"]:
        say()
        columns = ("LANE", "STATE", "NEXT PROBE", "IN FLIGHT", "LAST ERROR")
        print_table(columns, map(_lane, status["lanes"]))
    say()
    if status["campaigns"]:
        _print_entries(status["campaigns"])
    else:
        say("no entries yet")
    for lane in status["campaigns"]:
        for line in _stopped(lane):
            say(line)
    for line in _intake(status["intake"]):
        say(line)
    if status["sources"]:
        say()
        print_table(
            ("SOURCE", "ADAPTER", "BY", "MESSAGES", "EVENTS", "NEW", "KNOWN", "REFUSED", "BEHIND"),
            map(_source, status["sources"]),
        )
        for line in itertools.chain.from_iterable(map(_of_source, status["sources"])):
            say(line)


def _print_daemon(daemon: Json | None) -> None:
    if daemon is None:
        say("daemon    not running")
        return
    up = since(daemon["started_at"])
    doors = [f"http {', '.join(daemon['http']) or 'off'}", f"udp {daemon['udp'] or 'off'}"]
    if unix := daemon.get("unix"):
        doors.append(f"unix {', '.join(map(one_line, unix))}")
    on = f", on {loop}" if (loop := daemon.get("loop")) else ""
    say(f"daemon    running for {up}, version {daemon['version']}, pid {daemon['pid']}{on}")
    say(f"config    {daemon['config']}")
    say(f"listening {' · '.join(doors)}")
    if held := daemon.get("held_by_systemd"):
        say(f"held      by systemd: {', '.join(map(one_line, held))}")
    if later := daemon.get("needs_restart"):
        say(f"! new settings wait for a restart: {', '.join(map(one_line, later))}")


def _print_check(check: Json | None) -> None:
    if check is not None:
        say(f"outbox    {check['words']}")


def _print_reasons(status: Json) -> None:
    if status["daemon"] is not None:
        blocking = any(reason["blocking"] for reason in status["reasons"])
        say(f"ready     {'no' if blocking else 'yes'}")
    for reason in status["reasons"]:
        mark = "✗" if reason["blocking"] else "!"
        say(f"  {mark} {one_line(reason['code'])}: {one_line(reason['detail'], MESSAGE)}")


def _lane(lane: Json) -> tuple[object, ...]:
    state = "open" if lane["paused"] is None else f"paused: {lane['paused']}"
    if lane["paused"] is None and lane["waiting"] > 0:
        state = f"waiting {span(lane['waiting'])}, as the API asked"
    probe = "-" if lane["next_probe_in"] is None else f"in {span(lane['next_probe_in'])}"
    return (
        lane["campaign"],
        state,
        probe,
        f"{lane['in_flight']}/{lane['limit']}",
        _last_error(lane),
    )


def _last_error(lane: Json) -> str | None:
    """Return what failed last and how long ago: beside an open lane it is over."""
    if not lane["last_error"] or lane.get("last_error_age") is None:
        return None
    return f"{span(lane['last_error_age'])} ago: {one_line(lane['last_error'])}"


def _print_entries(campaigns: list[Json]) -> None:
    shown = [state for state in _STATES if any(state in lane["entries"] for lane in campaigns)]
    columns = ("ENTRIES OF", *(state.upper() for state in shown), "FENCED", "OLDEST DUE")
    rows = [
        (
            lane["campaign"],
            *(lane["entries"].get(state, 0) for state in shown),
            lane["fenced"],
            span(lane["oldest_due_seconds"]),
        )
        for lane in campaigns
    ]
    print_table(columns, rows)
    backlog = sum(
        lane["entries"].get(state, 0) for lane in campaigns for state in ("due", "sending")
    )
    say(f"backlog   {plural(backlog, 'entry', 'entries')}")


def _stopped(lane: Json) -> Iterator[str]:
    """Return what is held back of a campaign: by whom, why, and what it would have cost."""
    name, pause = one_line(lane["campaign"]), lane["pause"]
    if pause is not None:
        why = f": {one_line(pause['why'])}" if pause["why"] else ""
        yield f"paused    {name} by {one_line(pause['who'])}, {since(pause['at'])} ago{why}"
        yield "          `campaign-bridge campaign resume` lets it go on"
    if lane["held"]:
        told = ", ".join(f"{n} {one_line(reason)}" for reason, n in sorted(lane["held"].items()))
        yield f"held      {name}: {told}"
    if lane["entries"].get("accepted") and not lane.get("confirms", True):
        yield f"accepted  {name}: that is the last word; neither webhooks nor histories tell more"
    if lane["held"].get("shadow"):
        yield f"shadow    {name}: would have cost {one_line(lane['shadow_cost'])}"


def _intake(intake: Json) -> Iterator[str]:
    for door, counts in intake.items():
        if not isinstance(counts, dict):
            continue
        rejected = sum(counts["rejected"].values())
        why = ", ".join(f"{one_line(code)} {n}" for code, n in sorted(counts["rejected"].items()))
        yield (
            f"{door:9} {counts['received']} received, {counts['stored']} stored, "
            f"{plural(counts['duplicates'], 'duplicate')}, {rejected} rejected"
            + (f" ({why})" if why else "")
        )
    if intake.get("differing"):
        yield f"! {plural(intake['differing'], 'known id')} came again with other content"


def _source(source: Json) -> tuple[object, ...]:
    counts, following = source["counts"], source["following"]
    return (
        source["name"],
        source["adapter"],
        source["way"],
        counts["messages"],
        counts["events"],
        counts["entries"],
        counts["duplicates"],
        counts["rejected"],
        "-" if following is None else f"{following['behind']} B",
    )


def _of_source(source: Json) -> Iterator[str]:
    """Say what the table has no room for: where it reads, and what an operator should know."""
    name = one_line(source["name"])
    for line in (*_log_of(source), *_files_of(source), *_door_of(source)):
        yield f"{name}: {line}"
    yield from _noticed(name, source["counts"])


def _log_of(source: Json) -> Iterator[str]:
    following = source["following"]
    if following is not None and following["file"] is not None:
        last = following["last_line_at"]
        ago = "no line yet" if last is None else f"last line {since(last)} ago"
        yield f"reads {one_line(following['file'])}, {ago}"


def _files_of(source: Json) -> Iterator[str]:
    files = source["state_files"]
    if files is not None:
        yield plural(files["files"], "state file")
        for file, why in sorted(files["unreadable"].items())[:5]:
            yield f"! {one_line(file)}: {one_line(why, MESSAGE)}"


def _door_of(source: Json) -> Iterator[str]:
    udp = source["udp"]
    if udp is not None:
        dropped = ", ".join(f"{one_line(why)} {n}" for why, n in sorted(udp["rejected"].items()))
        yield f"listens on {udp['address']}" + (f", dropped: {dropped}" if dropped else "")


def _noticed(name: str, counts: Json) -> Iterator[str]:
    if counts["figures"]:
        told = ", ".join(f"{one_line(key)} {n}" for key, n in sorted(counts["figures"].items()))
        yield f"{name}: {told}"
    if counts["no_rule"]:
        yield f"{name}: {plural(counts['no_rule'], 'event')} that no rule has a use for"
    if counts["aside"]:
        yield f"  ! {plural(counts['aside'], 'message')} that the adapter failed on, kept aside"
    if counts["last_error"]:
        yield f"  ! last refused: {one_line(counts['last_error'], MESSAGE)}"
