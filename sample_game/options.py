"""The command line: what can be said there, and what is refused there.

In: arguments. Out: checked options. Knows nothing of the game.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sample_game.doors import Bridge

TICKS_A_SECOND = 20.0


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the server."""

    bridge: Bridge
    seed: int
    bots: int
    seconds: float
    speed: float
    tally: Path
    match_id: str | None
    duplicates: float
    give_up_after: float
    link_at: str | None
    payouts: float
    quiet: bool
    roster: bool

    @property
    def ticks(self) -> int:
        """How long the match is; at speed 0 it is as long as at the usual speed."""
        return max(1, round(self.seconds * (self.speed or TICKS_A_SECOND)))


def read_options(argv: Sequence[str]) -> Options:
    """Return what `argv` says; exits with code 2 and a sentence where it can't be used."""
    parser = _parser()
    said = parser.parse_args(argv)
    try:
        token = _token(said.token_file) if said.token_file else None
    except (OSError, ValueError) as error:
        parser.error(f"--token-file can't be used: {error}")
    return Options(
        bridge=Bridge(said.http, said.udp, token),
        seed=said.seed,
        bots=said.bots,
        seconds=said.seconds,
        speed=said.speed,
        tally=said.tally,
        match_id=said.match_id,
        duplicates=said.duplicates,
        give_up_after=said.give_up_after,
        link_at=said.link_at,
        payouts=said.payouts,
        quiet=said.quiet,
        roster=said.roster,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sample_game",
        description="A capture-the-flag match between bots that tells achievements to "
        "campaign-bridge. Exit code 0: all acknowledged; 1: refused or still open; 2: usage.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    port = 8797
    add("--http", type=_url, default=f"http://127.0.0.1:{port}", help="its address", metavar="URL")
    add("--udp", type=_address, default=f"127.0.0.1:{port}", help="the same", metavar="HOST:PORT")
    add("--token-file", type=Path, help="file with the token of role game", metavar="PATH")
    add("--seed", type=int, default=1, help="same seed, same players and same match")
    add("--bots", type=_number(int, 2, 64), default=12, help="how many play, 2 to 64")
    add("--seconds", type=_number(float, 0.05, 86_400), default=20, help="length of the match")
    add(
        "--speed",
        type=_number(float, 0, 1_000),
        default=TICKS_A_SECOND,
        help="ticks a second; 0: as fast as it can",
    )
    add("--tally", type=Path, default=Path("tally.jsonl"), help="what was achieved", metavar="PATH")
    add("--match-id", type=_match_id, help="instead of a random UUID")
    add("--duplicates", type=_number(float, 0, 1), default=0.0, help="chance of repeats")
    add(
        "--give-up-after",
        type=_number(float, 0, 86_400),
        default=60.0,
        help="seconds to wait for acknowledgements after the match",
    )
    add(
        "--link-at",
        type=_domain,
        help="ask for a link for each player without one, with made-up addresses of this domain",
        metavar="DOMAIN",
    )
    add(
        "--payouts",
        type=_number(float, 0, 3_600),
        default=0.0,
        help="announce payouts, and wait so many seconds for them after the match; 0: don't",
    )
    add("--quiet", action="store_true", help="no play-by-play")
    add("--roster", action="store_true", help="print the players as JSON and stop")
    return parser


def _token(path: Path) -> str:
    token = path.read_text(encoding="utf-8").strip()
    if not token or not token.isascii() or len(token.split()) != 1:
        raise ValueError(f"{path} must hold one word of ASCII")
    return token


def _url(text: str) -> tuple[str, int]:
    url = urlsplit(text)
    if url.scheme != "http" or not url.hostname or url.path.strip("/") or url.query:
        raise argparse.ArgumentTypeError(f"{text!r} is not like http://127.0.0.1:8797")
    return url.hostname, 80 if url.port is None else url.port


def _address(text: str) -> tuple[str, int]:
    url = urlsplit(f"//{text}")
    if not url.hostname or url.port is None or url.path:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 127.0.0.1:8797")
    return url.hostname, url.port


def _domain(text: str) -> str:
    if not text or not all(part.isalnum() and part.isascii() for part in _parts(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not like players.example.com")
    return text


def _parts(domain: str) -> list[str]:
    return domain.replace("-", "").split(".")


def _match_id(text: str) -> str:
    if not 1 <= len(text) <= 64 or not text.isprintable() or "/" in text:
        raise argparse.ArgumentTypeError("a match id is 1 to 64 printable characters without /")
    return text


def _number(kind: type[int | float], low: float, high: float) -> Callable[[str], int | float]:
    def number(text: str) -> int | float:
        value = kind(text)
        if not low <= value <= high:  # also refuses nan
            raise argparse.ArgumentTypeError(f"{text} is not from {low} to {high}")
        return value

    return number
