"""A supervisor such as systemd is one: it holds sockets, starts the daemon on them, hears of it.

In: a configuration, sockets by their names. Out: processes, and what they told. Knows nothing of
the daemon's insides.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 30.0
#: Puts the sockets where systemd does, from descriptor 3 on, and says for which process they are.
_LAUNCH = """
import os, sys
count = int(sys.argv[1])
for number, have in enumerate(map(int, sys.argv[2 : 2 + count])):
    os.dup2(have, 3 + number)
os.environ["LISTEN_PID"] = os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, "-m", "bridge", *sys.argv[2 + count :]])
"""

CONFIG = """
[http]
listen = "127.0.0.1:{port}"
token_file = "token"
[[tokens]]
role = "operator"
file = "operator-token"
[udp]
listen = "127.0.0.1:{port}"
receive_buffer = 65536
[outbox]
url = "sqlite:///{folder}/outbox.db"
[[campaigns]]
id = "camp_1"
environment = "test"
api_key_file = "api-key"
base_url = "http://127.0.0.1:9/api"
"""


@dataclass
class Supervisor:
    """What holds the sockets; `told` is every datagram so far, as its assignments."""

    folder: Path
    notify: socket.socket
    held: dict[str, socket.socket] = field(default_factory=dict)
    told: list[dict[str, str]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def log(self) -> str:
        return (self.folder / "daemon.log").read_text()

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "RUNTIME_DIRECTORY": str(self.folder / "run")}

    def configure(self, more: str = "", port: int = 0) -> None:
        self.config.write_text(CONFIG.format(folder=self.folder, port=port) + more)

    def hold(self, name: str, kind: socket.SocketKind, path: Path | None = None) -> socket.socket:
        sock = socket.socket(socket.AF_INET if path is None else socket.AF_UNIX, kind)
        sock.bind(("127.0.0.1", 0) if path is None else str(path))
        if kind is socket.SOCK_STREAM:
            sock.listen(4096)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self.held[name] = sock
        return sock

    def start(self, watchdog: float = 0.0, until: str = "READY", **env: str) -> None:
        """Start the daemon and wait until it says that it is ready, or another word."""
        numbers = [str(sock.fileno()) for sock in self.held.values()]
        more = {"NOTIFY_SOCKET": str(self.folder / "notify"), **env}
        if self.held:
            more |= {"LISTEN_FDS": str(len(numbers)), "LISTEN_FDNAMES": ":".join(self.held)}
        if watchdog:
            more["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        launch = [sys.executable, "-c", _LAUNCH, str(len(numbers))]
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*launch, *numbers, f"--config={self.config}", "run"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                pass_fds=[sock.fileno() for sock in self.held.values()],
                env={**self.env, **more},
            )
        self.hear(until)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def listen(self, seconds: float) -> list[dict[str, str]]:
        """Return what is told in the next seconds, and what was told before and not heard yet."""
        until, heard = time.monotonic() + seconds, []
        while (left := until - time.monotonic()) > 0:
            self.notify.settimeout(left)
            try:
                heard.append(self._words(self.notify.recv(65536)))
            except TimeoutError:
                break
        self.told += heard
        return heard

    def hear(self, word: str, value: str = "") -> dict[str, str]:
        """Return the next datagram that has `word`, with `value` in it."""
        until = time.monotonic() + PATIENCE
        self.notify.settimeout(0.2)
        while time.monotonic() < until:
            try:
                words = self._words(self.notify.recv(65536))
            except TimeoutError:
                if self.process is not None and self.process.poll() is not None:
                    break
                continue
            self.told.append(words)
            if word in words and value in words[word]:
                return words
        raise AssertionError(f"never told {word} {value}: {self.told[-5:]}\n{self.log}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside the daemon."""
        return subprocess.run(
            [sys.executable, "-m", "bridge", f"--config={self.config}", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @staticmethod
    def _words(data: bytes) -> dict[str, str]:
        return dict(line.split("=", 1) for line in data.decode().splitlines())


@contextmanager
def supervisor_in(folder: Path) -> Iterator[Supervisor]:
    """Yield a supervisor with a plain configuration and its secrets; end what it started."""
    for name in ("token", "operator-token", "api-key"):
        (folder / name).write_text(f"{name}-1\n")
    (folder / "daemon.log").touch()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(folder / "notify"))
        supervisor = Supervisor(folder, notify)
        supervisor.configure()
        try:
            yield supervisor
        finally:
            if supervisor.process is not None and supervisor.process.poll() is None:
                supervisor.process.kill()
                supervisor.process.wait(PATIENCE)
            for sock in supervisor.held.values():
                sock.close()
