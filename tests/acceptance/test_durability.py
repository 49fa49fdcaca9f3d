"""What the kernel sees: no answer leaves before the sync that holds its event."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.cli.stage import Program
from tests.acceptance.conftest import Theatre
from tests.acceptance.load import _post

#: strace's own words for one call: pid, time, name, arguments.
_LINE = re.compile(r"^(?:\[pid +)?(\d+)\]? +([\d.]+) (\w+)\((.*)$")


@pytest.mark.system
@pytest.mark.usefixtures("each_loop")
async def test_no_202_leaves_before_the_sync_of_its_commit(
    theatre: Theatre, tmp_path: Path
) -> None:
    trace = await traced_posts(theatre, tmp_path, 20)

    answers = 0
    synced = True
    for call, text in calls(trace):
        if call in {"fdatasync", "fsync"}:
            synced = True
        elif '"POST /v1/achievements' in text:
            synced = False  # its commit is still to come
        elif '"HTTP/1.1 202 ' in text:
            answers += 1
            assert synced, f"answer {answers} left before a sync"
    assert answers == 20


@pytest.mark.system
async def test_a_new_ledger_has_its_witness_on_disk_before_the_first_202(
    theatre: Theatre, tmp_path: Path
) -> None:
    """Else a power cut could leave rows beside an empty witness: a quarantine for nothing."""
    await theatre.daemon.stop()
    without_ledger(tmp_path)
    trace = await traced_posts(theatre, tmp_path, 1)

    told = [
        "answer" if '"HTTP/1.1 202 ' in text else "folder" if f"<{tmp_path}>" in text else "witness"
        for call, text in calls(trace)
        if '"HTTP/1.1 202 ' in text
        or (call == "fsync" and (f"<{tmp_path}>" in text or ".witness>" in text))
    ]
    assert {"folder", "witness"} <= set(told[: told.index("answer")])


def without_ledger(folder: Path) -> None:
    for path in folder.glob("outbox.db*"):
        path.unlink()


async def traced_posts(theatre: Theatre, folder: Path, number: int) -> Path:
    """Start the daemon anew under strace, post so much to it, kill it; return what was seen."""
    if shutil.which("strace") is None:
        pytest.fail("strace is missing: apt-get install strace")
    trace = folder / "trace"
    await theatre.daemon.stop()
    theatre.daemon = traced(theatre.daemon, trace)
    await theatre.daemon.start()
    theatre.session.headers["Authorization"] = f"Bearer {theatre.stage.secret('token')}"
    for each in range(number):
        call = {"player": "name:Nobody", "achievement": "frag", "id": str(each)}
        answer = await _post(theatre.session, theatre.stage.bridge_url, call)
        assert answer is not None
        assert answer["state"] == "held"
    await theatre.daemon.kill()
    return trace


def traced(daemon: Program, trace: Path) -> Program:
    """Return the daemon under strace."""
    wrapper = daemon.log.with_name("traced.py")
    wrapper.write_text(
        "import os, sys\n"
        f"os.execvp('strace', ['strace', '-fy', '-ttt', '-s', '60', '-o', {str(trace)!r}, '-e',\n"
        "    'trace=fdatasync,fsync,sendto,send,sendmsg,write,writev,recvfrom,recv,read',\n"
        f"    sys.executable, '-m', *{list(daemon.arguments)!r}])\n"
    )
    program = Program("daemon", ["traced"], daemon.log, daemon.url, dict(daemon.environment))
    found = os.pathsep.join([str(wrapper.parent), os.environ.get("PYTHONPATH", "")])
    program.environment = {**daemon.environment, "PYTHONPATH": found}
    return program


def calls(trace: Path) -> Iterator[tuple[str, str]]:
    """Yield (call, rest) in the order in which they ended or were begun, as strace saw them.

    A sync counts when it has returned: of an interrupted line, the "resumed" half.
    """
    for line in trace.read_text(errors="replace").splitlines():
        if "resumed>" in line:
            name = line.split("<... ")[1].split(" ")[0]
            yield name, line
        elif match := _LINE.match(line):
            unfinished = line.endswith("<unfinished ...>")
            if not (unfinished and match[3] in {"fdatasync", "fsync"}):
                yield match[3], match[4]
