"""One process at a time on a database file, however the last one ended."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.errors import StoreLocked, StoreUnavailable
from bridge.sqlite.lock import locked

HOLDER = """
import sys
from pathlib import Path
from bridge.sqlite.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "down" / "outbox.db"


def _refusal(path: Path) -> StoreLocked:
    with pytest.raises(StoreLocked) as refused, locked(path):
        pytest.fail("two held it")
    return refused.value


def test_the_second_is_refused_and_told_who_holds_it(path: Path) -> None:
    with locked(path):
        refusal = _refusal(path)

    assert str(refusal) == f"{path} is in use by another campaign-bridge (pid {os.getpid()})"
    assert refusal.hint


def test_it_is_free_when_it_was_let_go(path: Path) -> None:
    with locked(path):
        pass

    with locked(path):
        assert path.parent.is_dir()


def test_it_is_free_when_its_holder_failed(path: Path) -> None:
    with pytest.raises(ValueError, match="failed"), locked(path):
        raise ValueError("failed")

    with locked(path):
        pass


def test_it_is_free_when_its_holder_was_killed(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    refusal = _refusal(path)
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    holder.stdin.close()
    holder.stdout.close()

    with locked(path):
        assert f"pid {holder.pid}" in str(refusal)


@pytest.mark.parametrize("owner", ["", "rubbish", "[]", '{"pid": "x"}', "{}", "\xff\xfe"])
def test_a_holder_that_left_no_name_is_refused_without_one(path: Path, owner: str) -> None:
    with locked(path):
        path.with_name("outbox.db.owner").write_text(owner, encoding="latin-1")
        refusal = _refusal(path)

    assert str(refusal) == f"{path} is in use by another campaign-bridge"


def test_a_folder_that_can_not_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("a file")

    with pytest.raises(StoreUnavailable, match="deep"), locked(tmp_path / "deep" / "outbox.db"):
        pytest.fail("it was held")


PASSER = """
import sys, time
from pathlib import Path
from bridge.sqlite.lock import locked
with locked(Path(sys.argv[1]), stays=sys.argv[2] == "stays"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def _held_by_another(path: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PASSER, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def test_one_who_stays_waits_for_one_who_passes_by(path: Path) -> None:
    with _held_by_another(path, "passes") as holder:
        leaving = threading.Timer(0.1, holder.communicate, ["\n"])
        leaving.start()

        with locked(path, stays=True):
            assert json.loads(path.with_name("outbox.db.owner").read_text())["pid"] == os.getpid()
        leaving.join()


def test_patience_ends(path: Path) -> None:
    with (
        _held_by_another(path, "passes") as holder,
        pytest.raises(StoreLocked, match=str(holder.pid)),
        locked(path, stays=True, patience=0.05),
    ):
        pytest.fail("two held it")


def test_one_who_stays_is_not_waited_for(path: Path) -> None:
    with (
        _held_by_another(path, "stays") as holder,
        pytest.raises(StoreLocked, match=str(holder.pid)),
        locked(path, stays=True, patience=3600),
    ):
        pytest.fail("two held it")
