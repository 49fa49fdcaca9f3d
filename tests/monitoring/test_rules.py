"""Alerts: what they ask for exists, what they say helps, and each fires when it should."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.cli.program import program
from tests.monitoring.cases import CALM, FIRING, QUIET
from tests.monitoring.files import ALL, RULES, alerts, metrics_in
from tests.monitoring.programs import promtool

#: In minutes: longer than any alert waits, but for what somebody decided.
HOURS = 180


@pytest.mark.parametrize("name", alerts())
def test_an_alert_asks_for_metrics_that_are_there(name: str) -> None:
    asked = metrics_in(alerts()[name]["expr"])

    assert asked <= ALL
    assert asked or "up{" in alerts()[name]["expr"]


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_how_bad_it_is_and_names_what_to_run(name: str) -> None:
    rule = alerts()[name]
    said = rule["annotations"]

    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(said) == {"summary", "description"}
    assert said["summary"].endswith((".", "?"))
    assert re.search(r"`[a-z]", said["description"])


@pytest.mark.parametrize("name", alerts())
def test_a_command_that_an_alert_names_is_one_of_ours(name: str) -> None:
    said = alerts()[name]["annotations"]["description"]
    for line in re.findall(r"`campaign-bridge ([^`]+)`", said):
        command = program
        for word in line.split():
            if word.startswith("--"):
                assert any(word in option.opts for option in command.params), line
                break
            if not hasattr(command, "commands") and not hasattr(command, "get_command"):
                break
            command = command.get_command(None, word)  # type: ignore[assignment]
            assert command is not None, line


def test_every_alert_is_tried() -> None:
    assert {case.alert for case in FIRING} == set(alerts())


# -- promtool -------------------------------------------------------------------------------


def _group(series: dict[str, str], fires: dict[int, tuple[str, ...]]) -> dict[str, object]:
    """Return a test as promtool reads it: which alerts fire after how many minutes."""
    given = {**CALM, **series}
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in given.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minute}m",
                "exp_samples": [
                    {"labels": f'{{alertname="{name}"}}', "value": 1} for name in firing
                ],
            }
            for minute, firing in fires.items()
        ],
    }


def _tried(folder: Path, groups: list[dict[str, object]]) -> subprocess.CompletedProcess[str]:
    shutil.copy(RULES, folder)
    test = {"rule_files": [RULES.name], "evaluation_interval": "1m", "tests": groups}
    (folder / "test.yml").write_text(json.dumps(test), encoding="utf-8")  # JSON is YAML, too
    return promtool("test", "rules", str(folder / "test.yml"))


@pytest.mark.system
def test_promtool_takes_the_rules() -> None:
    done = promtool("check", "rules", str(RULES))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.system
@pytest.mark.parametrize("case", FIRING, ids=lambda case: case.alert)
def test_an_alert_fires_when_it_should_and_alone(case, tmp_path: Path) -> None:
    not_yet = {} if case.not_yet is None else {case.not_yet: ()}
    done = _tried(tmp_path, [_group(case.series, {**not_yet, case.fires: (case.alert,)})])

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.system
def test_nothing_fires_where_nothing_is_wrong(tmp_path: Path) -> None:
    done = _tried(tmp_path, [_group(series, {20: (), HOURS: ()}) for series in QUIET])

    assert done.returncode == 0, done.stdout + done.stderr
