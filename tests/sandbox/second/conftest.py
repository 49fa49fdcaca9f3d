"""Fixtures of the second client: two sandboxes, both manners, and a webhook receiver."""

import itertools
import os
from collections.abc import Iterator

import pytest

from tests.sandbox.second.client import Manner
from tests.sandbox.second.play import Play, Town, running
from tests.sandbox.second.receiver import Receiver, receiving


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    log = tmp_path_factory.mktemp("second") / "sandbox.log"
    with running(log, "--job-delay=0.05", "--webhook-waits=0.1,1,5") as opened:
        yield opened


@pytest.fixture(scope="session")
def sleepy_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A sandbox whose jobs take an hour: a 202 stays without effect."""
    log = tmp_path_factory.mktemp("second") / "sleepy.log"
    with running(log, "--job-delay=3600") as opened:
        yield opened


@pytest.fixture(params=list(Manner), ids=lambda manner: manner.value)
def manner(request: pytest.FixtureRequest) -> Manner:
    found: Manner = request.param
    return found


@pytest.fixture(scope="session")
def names() -> Iterator[int]:
    return itertools.count(os.getpid() * 1000)


@pytest.fixture
def play(town: Town, manner: Manner, names: Iterator[int]) -> Play:
    return Play(town, manner, names)


@pytest.fixture
def sleepy(sleepy_town: Town, manner: Manner, names: Iterator[int]) -> Play:
    return Play(sleepy_town, manner, names)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened
