"""What is loaded late: at its first use, and never by a daemon that has no use for it."""

import gc
import subprocess
import sys

import pytest

from bridge.loading import later, uncollected, without

#: What a daemon never needs that has no files, pages, declared adapters and scrapes.
LATE = (
    "bridge.adapters.declared",
    "bridge.control.metrics.page",
    "bridge.intake.files.follow",
    "bridge.linking.page.site",
    "bridge.sandbox",
    "jinja2",
    "prometheus_client",
    "pygments",
    "re2",
    "rich",
    "segno",
    "watchfiles",
)


def loaded(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has after `code`."""
    told = f"{code}\nimport sys\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_module_is_loaded_when_something_of_it_is_asked_for():
    told = loaded(
        "import sys\nfrom bridge.loading import later\nlate = later('colorsys')\n"
        "assert 'colorsys' not in sys.modules\nassert late.rgb_to_hsv(0, 0, 0) == (0, 0, 0)"
    )
    assert "colorsys" in told


def test_what_stands_for_a_module_has_its_members_and_no_others():
    late = later("json")
    assert late.dumps({}) == "{}"
    with pytest.raises(AttributeError, match="nothing_of_it"):
        _ = late.nothing_of_it


def test_the_daemon_loads_only_what_it_runs():
    told = loaded("import bridge.cli.run")
    assert [name for name in LATE if name in told] == []


def test_without_a_package_an_import_finds_none(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with without("colorsys"), pytest.raises(ImportError):
        __import__("colorsys")
    assert __import__("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    with without("colorsys"):  # what is loaded stays
        assert __import__("colorsys") is sys.modules["colorsys"]


def test_the_collector_rests_and_goes_on():
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
