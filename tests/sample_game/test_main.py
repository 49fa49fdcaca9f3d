"""The server as a process: what it is started with, what it leaves behind, how it ends."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LIMIT = 30.0
ROOT = Path(__file__).parents[2]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(stand_in: Any, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(*extra: str) -> subprocess.Popen[str]:
        where = ["--http", "http://{}:{}".format(*stand_in.http)]
        where += ["--udp", "{}:{}".format(*stand_in.udp), "--tally", str(tmp_path / "t.jsonl")]
        process = subprocess.Popen(
            [sys.executable, "-m", "sample_game", "--seed", "7", "--speed", "0", *where, *extra],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={"PYTHONIOENCODING": "utf-8"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lines(path: Path, kind: str) -> list[dict[str, Any]]:
    found = map(json.loads, (path / "t.jsonl").read_bytes().splitlines())
    return [line for line in found if kind in line]


def usage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sample_game", *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )


def test_a_match_ends_well_when_everything_is_acknowledged(
    start: Start, stand_in: Any, tmp_path: Path
) -> None:
    process = start()
    out, err = process.communicate(timeout=LIMIT)

    assert (process.returncode, err) == (0, "")
    achieved = lines(tmp_path, "achievement")
    assert 100 <= len(achieved) <= 300
    assert {line["via"] for line in achieved} == {"http", "udp"}
    assert {line["acknowledged"] for line in lines(tmp_path, "acknowledged")} == set(stand_in.keys)
    assert {line["id"] for line in achieved} == set(stand_in.keys)
    assert f"== {len(achieved)} achieved: {len(achieved)} acknowledged, 0 refused, 0 open" in out
    assert "captures the flag" in out


def test_two_runs_of_a_seed_are_two_matches_of_the_same_deeds(start: Start, tmp_path: Path) -> None:
    for _ in range(2):
        start("--quiet", "--seconds", "5").communicate(timeout=LIMIT)
    matches: dict[str, list[Any]] = {}
    for line in lines(tmp_path, "achievement"):
        match, number = line["id"].split("/")
        deed = (number, line["player"], line["achievement"], line["details"], line["via"])
        matches.setdefault(match, []).append(deed)

    one, other = matches.values()
    assert one == other


def test_every_deed_is_in_the_tally_before_it_is_sent(
    start: Start, stand_in: Any, reply: Any, tmp_path: Path
) -> None:
    unknown: list[str] = []

    def script(heard: Any) -> Any:
        tally = (tmp_path / "t.jsonl").read_text(encoding="utf-8")
        if f'"id": "{heard.message["id"]}"' not in tally:
            unknown.append(heard.message["id"])
        return reply()

    stand_in.script = script
    process = start("--quiet")
    process.communicate(timeout=LIMIT)

    assert process.returncode == 0
    assert len(stand_in.heard) >= 100
    assert unknown == []


def test_the_match_goes_on_to_its_end_while_the_bridge_hangs(
    start: Start, stand_in: Any, reply: Any
) -> None:
    hanging = threading.Event()
    stand_in.script = lambda heard: reply(wait=hanging)
    process = start()
    assert process.stdout is not None
    over = next(line for line in process.stdout if "match over" in line)
    answered_by_then = len(stand_in.keys)
    hanging.set()
    process.communicate(timeout=LIMIT)

    assert over
    assert answered_by_then == 0
    assert process.returncode == 0


def test_a_stormy_match_with_repeats_loses_nothing_and_doubles_nothing(
    start: Start, stand_in: Any, reply: Any, tmp_path: Path
) -> None:
    def script(heard: Any) -> Any:
        weather = sum(map(ord, heard.message["id"])) % 5
        if heard.nth > 2 or weather == 0:
            return reply()
        if heard.via == "udp" or weather == 1:
            return reply(drop=True)
        return reply(503) if weather in {2, 3} else reply(reset=True)

    stand_in.script = script
    process = start("--quiet", "--duplicates", "0.3")
    process.communicate(timeout=LIMIT)

    achieved = {line["id"] for line in lines(tmp_path, "achievement")}
    acknowledged = [line["acknowledged"] for line in lines(tmp_path, "acknowledged")]
    assert process.returncode == 0
    assert sorted(acknowledged) == sorted(achieved)
    assert len(lines(tmp_path, "repeated")) > 10


def test_giving_up_is_exit_code_1_and_a_list_of_what_is_open(
    start: Start, stand_in: Any, reply: Any, tmp_path: Path
) -> None:
    stand_in.script = lambda heard: reply(drop=True)
    process = start("--seconds", "1", "--give-up-after", "0.3")
    out, err = process.communicate(timeout=LIMIT)

    achieved = lines(tmp_path, "achievement")
    assert process.returncode == 1
    assert achieved
    assert all(f'still open: {{"player": "{line["player"]}"' in err for line in achieved)
    assert f"0 refused, {len(achieved)} open" in out


def test_refused_deeds_are_on_stderr_and_in_the_tally_and_in_the_exit_code(
    start: Start, stand_in: Any, reply: Any, tmp_path: Path
) -> None:
    def script(heard: Any) -> Any:
        if heard.message["achievement"] != "first_blood":
            return reply()
        problem = {"status": 422, "title": "no-rule"}
        return reply(422, body=problem if heard.via == "http" else {"error": problem})

    stand_in.script = script
    process = start("--seconds", "2")
    out, err = process.communicate(timeout=LIMIT)

    (refused,) = lines(tmp_path, "refused")
    assert process.returncode == 1
    assert f"refused for good: first_blood {refused['refused']}: 422 no-rule" in err
    assert ", 1 refused, 0 open" in out


def test_a_killed_game_server_sends_at_its_next_start_what_was_still_open(
    start: Start, stand_in: Any, reply: Any, tmp_path: Path
) -> None:
    stand_in.script = lambda heard: reply(drop=True)
    first = start()
    stand_in.wait_for(lambda heard: len(heard) > 20)
    first.kill()
    first.communicate(timeout=LIMIT)
    left_over = {line["id"] for line in lines(tmp_path, "achievement")}
    stand_in.script = lambda heard: reply()
    second = start("--quiet", "--seconds", "1")
    out, _ = second.communicate(timeout=LIMIT)

    assert second.returncode == 0
    assert left_over <= set(stand_in.keys)
    assert f" and {len(left_over)} left over: " in out


def test_a_signal_ends_the_match_but_not_the_sending(
    start: Start, stand_in: Any, tmp_path: Path
) -> None:
    process = start("--speed", "20", "--seconds", "3600")
    stand_in.wait_for(lambda heard: heard)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=LIMIT)

    assert process.returncode == 0
    assert {line["id"] for line in lines(tmp_path, "achievement")} == set(stand_in.keys)


def test_the_token_comes_from_a_file(start: Start, stand_in: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n", encoding="utf-8")
    start("--seconds", "2", "--token-file", str(tmp_path / "token")).communicate(timeout=LIMIT)

    assert {heard.token for heard in stand_in.heard} == {"s3cret"}
    assert {heard.via for heard in stand_in.heard} == {"http", "udp"}


def test_a_tally_that_can_not_be_written_ends_the_match_with_a_sentence(start: Start) -> None:
    process = start("--tally", "/dev/full")
    _, err = process.communicate(timeout=LIMIT)

    assert process.returncode == 1
    assert "error: [Errno 28] No space left on device" in err
    assert "Traceback" not in err


def test_the_roster_is_json_and_has_the_players_of_the_match(start: Start, stand_in: Any) -> None:
    roster = json.loads(usage("--seed", "7", "--bots", "12", "--roster").stdout)
    start("--quiet").communicate(timeout=LIMIT)

    assert len(roster) == 12
    names = {player["player"]: player["name"] for player in roster}
    assert stand_in.heard
    for heard in stand_in.heard:
        assert names[heard.message["player"]] == heard.message["details"]["name"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--bots", "1"],
        ["--bots", "many"],
        ["--duplicates", "1.5"],
        ["--seconds", "nan"],
        ["--http", "https://127.0.0.1:1"],
        ["--http", "http://127.0.0.1:99999"],
        ["--udp", "127.0.0.1"],
        ["--match-id", "a/b"],
        ["--token-file", "/dev/null"],
        ["--token-file", "/nowhere/at/all"],
    ],
)
def test_wrong_options_are_exit_code_2_and_a_sentence(wrong: list[str]) -> None:
    done = usage(*wrong)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("python -m sample_game: error: ")
    assert "Traceback" not in done.stderr


def test_every_option_is_in_the_readme() -> None:
    readme = (ROOT / "sample_game" / "README.md").read_text(encoding="utf-8")
    words = usage("--help").stdout.replace(",", " ").replace("]", " ").split()
    options = {word for word in words if word.startswith("--")}

    assert len(options) > 10
    assert [option for option in options - {"--help"} if f"`{option}" not in readme] == []
