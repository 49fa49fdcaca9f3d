"""The rows of `adapters list`."""

from bridge.adapters.listing import Row, rows
from bridge.adapters.registry import discover
from bridge.settings.models import AdapterSettings
from tests.adapters.strangers import Drop, plugin_code


def test_what_came_up_and_what_failed_are_listed(drop: Drop, settings: AdapterSettings) -> None:
    good, bad = drop("arena.py", plugin_code("arena")), drop("broken.py", "1 / 0")
    registry = discover(settings)
    listed = {row.name: row for row in rows(registry)}

    version = registry.origin("arena").version
    assert listed["arena"] == Row("arena", "ok", str(good), version, "Says what it hears")
    assert listed["broken"].status == "failed"
    assert listed["broken"].origin.startswith(str(bad))
    assert listed["broken"].reason == "ZeroDivisionError: division by zero"
