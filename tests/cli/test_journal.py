"""The log's three forms: for people, as JSON lines, and in the journal with its fields."""

import json
import logging
import os
import pty
import socket
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli import journal
from bridge.cli.logs import log_to_stderr


def parsed(data: bytes) -> dict[str, str]:
    """Read a record as the journal does."""
    found = {}
    while data:
        head, _, data = data.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if not equals:
            size = int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + size], data[8 + size + 1 :]
        found[name.decode()] = value.decode()
    return found


class Journal:
    """A journal's socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(5)

    def record(self) -> dict[str, str]:
        data, ancillary, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_SPACE(4))
        for _, kind, descriptors in ancillary:
            assert kind == socket.SCM_RIGHTS
            (descriptor,) = array("i", descriptors)
            with os.fdopen(descriptor, "rb") as file:
                file.seek(0)
                data = file.read()
        return parsed(data)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[Journal]:
    found = Journal(tmp_path / "journal")
    yield found
    found.close()


@pytest.fixture
def logger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journald: Journal) -> Iterator[Any]:
    """A logger of a process whose stderr leads to the journal."""
    with (tmp_path / "stderr").open("w+", buffering=1) as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        stat = os.fstat(stderr.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{stat.st_dev}:{stat.st_ino}")
        log_to_stderr(logging.DEBUG, journald.path)
        yield structlog.get_logger("test")
        close = structlog.get_config()["logger_factory"]().close
        structlog.reset_defaults()
        close()


def test_a_line_is_a_record_with_its_fields(logger: Any, journald: Journal) -> None:
    logger.warning("lane paused", action="delivery_lane", campaign="camp_1", reason="key refused")

    assert journald.record() == {
        "MESSAGE": 'lane paused action=delivery_lane campaign=camp_1 reason="key refused"',
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "campaign-bridge",
        "ACTION": "delivery_lane",
        "CAMPAIGN": "camp_1",
        "REASON": "key refused",
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [("debug", "7"), ("info", "6"), ("warning", "4"), ("error", "3"), ("critical", "2")],
)
def test_levels_are_the_journals_priorities(
    logger: Any, journald: Journal, level: str, priority: str
) -> None:
    getattr(logger, level)("x", action="a")

    assert journald.record()["PRIORITY"] == priority


def test_a_traceback_is_a_field_and_not_in_the_message(logger: Any, journald: Journal) -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError as failure:
        logger.error("failed", action="unexpected_error", exc_info=failure)
    record = journald.record()

    assert record["MESSAGE"] == "failed action=unexpected_error"
    assert record["EXCEPTION"].startswith("Traceback")
    assert "ZeroDivisionError" in record["EXCEPTION"]


def test_what_strangers_wrote_stays_on_its_line(logger: Any, journald: Journal) -> None:
    logger.info("x", action="a", peer="evil\nPRIORITY=0\x1b[2J")
    record = journald.record()

    assert "\n" not in record["MESSAGE"]
    assert "\x1b" not in record["MESSAGE"]
    assert record["PEER"] == "evil\nPRIORITY=0\x1b[2J"
    assert record["PRIORITY"] == "6"


def test_a_large_record_comes_in_a_memory_file(logger: Any, journald: Journal) -> None:
    logger.info("x", action="a", error="y" * 20_000_000)

    assert len(journald.record()["ERROR"]) == 20_000_000


def test_without_a_journal_a_line_is_json_on_stderr(
    logger: Any, journald: Journal, tmp_path: Path
) -> None:
    journald.path.unlink()
    logger.info("x", action="a", number=3)
    line = json.loads((tmp_path / "stderr").read_text())

    assert (line["event"], line["action"], line["number"]) == ("x", "a", 3)


@pytest.mark.parametrize("told", ["", "1:2", "nonsense", "1", ":"])
def test_a_stderr_that_leads_elsewhere_has_json_lines(
    told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journald: Journal
) -> None:
    with (tmp_path / "stderr").open("w+") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setenv("JOURNAL_STREAM", told)
        log_to_stderr(socket=journald.path)
        structlog.get_logger().info("x", action="a")
        stderr.seek(0)
        line = json.loads(stderr.read())
    structlog.reset_defaults()

    assert line["action"] == "a"


def test_on_a_terminal_it_is_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        log_to_stderr()
        structlog.get_logger().info("lane open", action="delivery_lane")
        terminal.flush()
        drawn = os.read(ours, 4096).decode()
        structlog.reset_defaults()
    os.close(ours)

    assert "lane open" in drawn
    assert not drawn.startswith("{")


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)


@given(st.dictionaries(NAMES, st.text(st.characters(codec="utf-8")) | st.integers()))
def test_any_event_is_a_record_that_reads_back(event: dict[str, Any]) -> None:
    record = parsed(journal.record({"event": "x", **event}))

    assert record["PRIORITY"].isdecimal()
    assert record["SYSLOG_IDENTIFIER"] == "campaign-bridge"
    assert all(
        name.isascii() and name == name.upper() and len(name) <= 64 and not name.startswith("_")
        for name in record
    )
