"""What the documents say of metrics and alerts is what the files and the code say."""

import re

import pytest

from tests.monitoring.files import ALL, ROOT, alerts

PAPERS = sorted(ROOT.glob("docs/*.md"))


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", alerts())
def test_an_alert_is_explained_in_its_own_words(name: str) -> None:
    rule = alerts()[name]
    said = " ".join(rule["annotations"]["description"].split())

    assert f"\n| `{name}` | {rule['labels']['severity']} | " in page("monitoring.md")
    assert f"\n| `{name}` | {said} |\n" in page("operations.md")


def test_no_alert_is_explained_that_there_is_not() -> None:
    told = set(re.findall(r"^\| `(CampaignBridge\w+)`", page("operations.md"), re.MULTILINE))
    fires = set(re.findall(r"^\| `(CampaignBridge\w+)`", page("monitoring.md"), re.MULTILINE))

    assert told == fires == set(alerts())


def test_the_number_of_rules_is_right() -> None:
    assert f"SUCCESS: {len(alerts())} rules found" in page("monitoring.md")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_metric_that_a_page_names_is_there(paper) -> None:
    named = set(re.findall(r"`((?:campaign_bridge|process)_\w+)", paper.read_text("utf-8")))
    parts = {name.rpartition("_")[0] for name in ALL}  # a histogram is named without its part

    assert named <= ALL | parts
