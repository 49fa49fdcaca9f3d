"""A machine with a real systemd: a minimal Debian, booted in a container with a network of its own.

In: nothing but root and apt packages. Out: `Machine`, to run commands in. The Debian is made once
and kept in the cache; what a machine changes is gone with it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGES = (
    "ca-certificates",
    "curl",
    "dbus",
    "init-system-helpers",
    "iproute2",
    "libnss-systemd",
    "python3",
    "systemd",
    "systemd-sysv",
    "tzdata",
)
TOOLS = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container", "nsenter": "util-linux"}
APT = "apt-get install mmdebstrap systemd-container"
#: Seconds for the whole of a boot; it takes about two.
BOOT = 60.0
_ENVIRONMENT = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root")

Ran = subprocess.CompletedProcess[str]


class Missing(Exception):
    """This machine can't run another one; says what to do."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A booted machine; `pid` is that of its systemd, as seen from here."""

    pid: int

    def __call__(self, *command: str, code: int | None = 0, given: str | None = None) -> Ran:
        """Run a command as root; fails unless it ends with `code` (None: with any)."""
        ran = subprocess.run(
            self.inside(*command), capture_output=True, text=True, input=given, check=False
        )
        if code is not None:
            assert ran.returncode == code, f"{command} → {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran

    def shell(self, script: str, code: int | None = 0, given: str | None = None) -> str:
        """Run a shell script as root; return what it prints on both outputs."""
        ran = self("/bin/sh", "-euc", f"exec 2>&1\n{script}", code=code, given=given)
        return ran.stdout

    def inside(self, *command: str) -> list[str]:
        """Return the command that runs `command` in the machine."""
        enter = ["nsenter", f"--target={self.pid}", "--all", "--", "env", "-i"]
        return [*enter, *_ENVIRONMENT, *command]

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of root's."""
        there = self.path(path)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text, encoding="utf-8")
        there.chmod(mode)

    def read(self, path: str) -> str:
        """Read a file."""
        return self.path(path).read_text(encoding="utf-8")

    def path(self, path: str) -> Path:
        """Return where from here a file of the machine lies; no links to absolute paths in it."""
        return Path(f"/proc/{self.pid}/root") / path.lstrip("/")

    def until(self, script: str, seconds: float = 30.0) -> str:
        """Run a shell script again and again until it succeeds; return what it printed then."""
        end = time.monotonic() + seconds
        while True:
            ran = self("/bin/sh", "-euc", f"exec 2>&1\n{script}", code=None)
            if ran.returncode == 0:
                return ran.stdout
            assert time.monotonic() < end, f"never came true: {script}\n{ran.stdout}\n{self.log()}"
            time.sleep(0.1)

    def log(self, unit: str = "campaign-bridge", lines: int = 40) -> str:
        """Return the end of a unit's journal."""
        return self("journalctl", "-u", unit, "-n", str(lines), "--no-pager", code=None).stdout


@contextmanager
def booted(share: Path, log: Path) -> Iterator[Machine]:
    """Boot a machine, in which `share` is /mnt; power it off when left.

    Raises:
        Missing: this machine lacks something; the message names the apt line.
    """
    root = debian()
    command = [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        "--private-network",  # loopback alone, so that no port of ours is taken
        "--volatile=overlay",
        f"--bind-ro={share}:/mnt",
        f"--directory={root}",
        "systemd.unit=multi-user.target",
    ]
    with log.open("w") as output:
        nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        machine = Machine(_systemd_of(nspawn, log))
        try:
            machine.until("systemctl is-system-running --wait", BOOT)
            yield machine
        finally:
            # The first process of its namespace: with it all others die, and nspawn ends. Killing
            # nspawn instead would leave the whole machine running.
            os.kill(machine.pid, signal.SIGKILL)
            nspawn.wait(BOOT)
    finally:
        nspawn.kill()
        nspawn.wait()


def debian() -> Path:
    """Return the minimal Debian, made where it is not there yet."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking or os.geteuid() != 0:
        needs = f"{', '.join(lacking)} missing" if lacking else "only root can boot a machine"
        raise Missing(f"{needs}; as root: {APT}")
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text("utf-8").splitlines()
    )
    suite = release.get("VERSION_CODENAME", "bookworm").strip('"')
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "campaign-bridge-tests"
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / f"{suite}-2"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            _make(suite, root)
    return root


def _make(suite: str, root: Path) -> None:
    unfinished = root.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        suite,
        str(unfinished),
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise Missing(f"no {suite} could be made here: {made.stderr.strip()[-2000:]}")
    unfinished.rename(root)


def _systemd_of(nspawn: "subprocess.Popen[bytes]", log: Path) -> int:
    """Return the number of the machine's first process, once it is systemd."""
    children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children")
    end = time.monotonic() + BOOT
    while time.monotonic() < end:
        assert nspawn.poll() is None, f"it does not boot: {log.read_text()}"
        for pid in children.read_text().split():
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return int(pid)
        time.sleep(0.02)
    raise AssertionError(f"no systemd in it: {log.read_text()}")
