"""The files that operators load into Prometheus and Grafana, and what is named in them."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bridge.control.metrics.board import Kind
from bridge.control.metrics.page import families

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "monitoring"
RULES = FOLDER / "campaign-bridge.rules.yml"
DASHBOARD = FOLDER / "campaign-bridge.dashboard.json"
SCRAPE = FOLDER / "prometheus.yml"

_METRIC = re.compile(r"\b(?:campaign_bridge|process)_[a-z_]+\b")


@cache
def alerts() -> dict[str, dict[str, Any]]:
    """Return every alert by its name; none has another's."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found = {rule["alert"]: rule for rule in group["rules"]}
    assert len(found) == len(group["rules"])
    return found


@cache
def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    """Return the panels that show something, in order; rows only part them."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> list[tuple[str, str]]:
    """Return every query of the dashboard with its panel's title."""
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def metrics_in(expression: str) -> set[str]:
    """Return the metrics that an expression asks for."""
    return set(_METRIC.findall(expression))


def _named() -> set[str]:
    ours = {family.name for family in families()}
    histograms = {family.name for family in families() if family.kind is Kind.HISTOGRAM}
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    return (ours - histograms) | parts | PROCESS


#: What prometheus-client tells of the process.
PROCESS = {
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
}
#: Every name that can be asked for.
ALL = _named()
