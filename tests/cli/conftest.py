"""A home of its own for every test of the command line."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.play import Process, Ran, Site, run_here, site_in, site_with_sandbox, write_plain

Cli = Callable[..., Ran]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder, with every place that the program looks at inside the test's own."""
    found = site_in(tmp_path / "site")
    found.folder.mkdir()
    for name, value in found.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("CAMPAIGN_BRIDGE_CONFIG", raising=False)
    yield found
    shutil.rmtree(found.env["RUNTIME_DIRECTORY"])


@pytest.fixture
def configured(site: Site) -> Site:
    """A site with a plain configuration and its secrets; no daemon, and nobody to pay."""
    write_plain(site)
    return site


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], site: Site) -> Cli:
    """The program on the test's own configuration, in this process."""

    def run(*arguments: str) -> Ran:
        return run_here(capsys, f"--config={site.config}", *arguments)

    return run


# -- with a sandbox and a running daemon, one for all tests of a module -----------------------


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose campaign is in a sandbox that runs."""
    with site_with_sandbox(tmp_path_factory.mktemp("live")) as site:
        yield site


@pytest.fixture(scope="module")
def daemon(live: Site) -> Iterator[Process]:
    """The site's daemon."""
    with live.daemon() as process:
        yield process


@pytest.fixture
def here(
    live: Site,
    daemon: Process,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """The program, in this process, on the site whose daemon runs."""
    for name, value in live.env.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Ran:
        return run_here(capsys, f"--config={live.config}", *arguments)

    return run
