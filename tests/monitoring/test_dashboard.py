"""The dashboard: what Grafana's own model of it takes, and what its panels tell."""

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any, get_args, get_type_hints

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.monitoring.files import ALL, DASHBOARD, alerts, dashboard, metrics_in, panels, queries

Panel = dict[str, Any]

#: What is there for those who look for it.
SILENT = {
    "campaign_bridge_confirm_last_look_timestamp_seconds",
    "campaign_bridge_lane_breaker_openings_total",
    "campaign_bridge_lane_wait_seconds",
    "campaign_bridge_ledger_sequence",
    "campaign_bridge_outbox_checked_ratio",
    "campaign_bridge_shadow_cost_tokens",
    "campaign_bridge_source_info",
    "campaign_bridge_source_lines_total",
    "campaign_bridge_source_not_replayed_total",
    "campaign_bridge_source_rewritten_total",
    "campaign_bridge_source_rotations_total",
    "campaign_bridge_source_too_long_total",
    "campaign_bridge_udp_receive_buffer_bytes",
    "campaign_bridge_udp_receive_buffer_missing_bytes",
    "process_virtual_memory_bytes",
}

TITLES = [panel["title"] for panel in panels()]
#: What Prometheus' own annotations know beyond the model.
BEYOND = {"/annotations/list/0/titleFormat", "/annotations/list/0/textFormat"}


def lost(sent: Any, back: Any, path: str = "") -> Iterator[str]:
    """Yield where `back` lacks something of `sent`, or says something else."""
    match sent, back:
        case dict(), dict():
            for name, value in sent.items():
                if name in back:
                    yield from lost(value, back[name], f"{path}/{name}")
                else:
                    yield f"{path}/{name}"
        case list(), list() if len(sent) == len(back):
            for number, pair in enumerate(zip(sent, back, strict=True)):
                yield from lost(*pair, f"{path}/{number}")
        case _ if sent != back:
            yield path
        case _:
            pass


def test_grafanas_own_model_reads_it_and_loses_nothing() -> None:
    register_default_plugins()
    read = Dashboard.from_json(dashboard())
    back = json.loads(json.dumps(read, cls=JSONEncoder))

    assert set(lost(dashboard(), back)) <= BEYOND


def test_it_is_written_as_grafana_exports_it() -> None:
    text = DASHBOARD.read_text(encoding="utf-8")

    assert text == json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"
    assert "id" not in dashboard()  # the number of one Grafana's database
    assert dashboard()["uid"] == "campaign-bridge"


@pytest.mark.parametrize("panel", panels(), ids=TITLES)
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: Panel) -> None:
    known = {value for hint in get_type_hints(units).values() for value in get_args(hint)}

    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in known
    assert panel["datasource"]["uid"] == "${datasource}"
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}"
        assert target["legendFormat"]


def test_panels_have_numbers_of_their_own_and_lie_beside_each_other() -> None:
    everything = dashboard()["panels"]
    places = [panel["gridPos"] for panel in everything]

    assert len({panel["id"] for panel in everything}) == len(everything)
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert not any(_overlap(one, other) for one, other in combinations(places, 2))


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


@pytest.mark.parametrize(("title", "query"), queries(), ids=[title for title, _ in queries()])
def test_a_query_asks_for_metrics_that_are_there(title: str, query: str) -> None:
    assert metrics_in(query)
    assert metrics_in(query) <= ALL
    assert "$instance" in query


def test_every_metric_is_shown_or_alerted_on() -> None:
    asked = [query for _, query in queries()] + [rule["expr"] for rule in alerts().values()]
    told = {name for query in asked for name in metrics_in(query)}
    parts = {"bucket", "sum", "count"}  # a histogram needs to be asked for one of them only
    silent = {name for name in ALL - told if name.rpartition("_")[2] not in parts}

    assert silent == SILENT
