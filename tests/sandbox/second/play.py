"""A real sandbox process for the second client, and campaigns in every state on it.

In: options of `campaign-bridge sandbox`. Out: where it runs, and clients of campaigns. Knows the
program's command line and what it prints, nothing of its insides.
"""

import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.sandbox.second import shapes
from tests.sandbox.second.client import Client, Manner
from tests.sandbox.second.owner import Owner

#: Seconds for a process to answer, and for a job to take effect.
PATIENCE = 20.0
PRICES = {"EARN5": "5", "quest_complete": "0.25"}
T = TypeVar("T")
_SAID = re.compile(r"^(\w[\w ]*): +(\S+)$")


@dataclass(frozen=True, slots=True)
class Town:
    """A sandbox that runs: where it is, where its API is, and who owns it."""

    root: str
    api: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class Play:
    """Makes campaigns on one sandbox, and clients of one manner for them."""

    town: Town
    manner: Manner
    _names: Iterator[int]

    @property
    def owner(self) -> Owner:
        return self.town.owner

    def draft(self, environment: str = "test", prices: dict[str, str] | None = None) -> Client:
        name = f"Campaign {next(self._names)}"
        campaign, key = self.owner.create(name, prices or PRICES, environment)
        return Client(self.town.api, campaign, key, self.manner, new_key)

    def funded(self, amount: str = "100", prices: dict[str, str] | None = None) -> Client:
        client = self.draft(prices=prices)
        self.owner.fund(client.campaign, amount)
        return client

    def active(self, amount: str = "100", prices: dict[str, str] | None = None) -> Client:
        client = self.funded(amount, prices)
        shapes.enqueued(client.start())
        becomes(client, "Active")
        return client

    def stopped(self, amount: str = "100") -> Client:
        client = self.active(amount)
        shapes.enqueued(client.stop())
        becomes(client, "Stopped")
        return client

    def user(self, client: Client) -> str:
        return self.owner.add_user(client.campaign, f"link_usr_{next(self._names)}")

    def email(self) -> str:
        return f"player{next(self._names)}@example.com"


def new_key() -> str:
    return str(uuid.uuid4())


def becomes(client: Client, status: str) -> dict[str, Any]:
    """Poll the details, as the guide tells callers to, until the campaign has `status`."""
    return eventually(
        lambda: shapes.details(client.details()),
        lambda campaign: campaign["status"] == status,
    )


def paid(client: Client, user: str, count: int) -> list[dict[str, Any]]:
    """Poll the user's history until it has `count` rows; return them."""
    data = eventually(
        lambda: shapes.history(client.history(user)),
        lambda data: data["pagination"]["total"] == count,
    )
    rows: list[dict[str, Any]] = data["transactions"]
    return rows


def eventually(ask: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """Ask until the answer is enough: another process tells nobody when it is done."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not enough(found := ask()):
        assert time.monotonic() < deadline, f"it did not become so: {found}"
        pause.wait(0.02)
    return found


@contextmanager
def running(log: Path, *options: str) -> Iterator[Town]:
    """Start a sandbox on a port of its own choice; what it says tells where it is."""
    command = [sys.executable, "-m", "bridge", "sandbox", "--port=0", *options]
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            yield _town(process, log)
        finally:
            process.terminate()


def _town(process: "subprocess.Popen[str]", log: Path) -> Town:
    late = threading.Timer(PATIENCE, process.kill)  # ends the wait for a line that never comes
    late.start()
    try:
        said = _announced(process)
    finally:
        late.cancel()
    assert {"sandbox", "base_url", "admin token"} <= set(said), log.read_text()
    root = said["sandbox"]
    return Town(root, said["base_url"], Owner(root, said["admin token"]))


def _announced(process: "subprocess.Popen[str]") -> dict[str, str]:
    """Read what it prints, up to the admin token, its last line."""
    said: dict[str, str] = {}
    assert process.stdout is not None
    for line in process.stdout:
        if found := _SAID.match(line.strip()):
            said[found[1]] = found[2]
        if "admin token" in said:
            break
    return said
