"""The faults as they are, and changed."""

import pytest

from bridge.sandbox.dashboard.faults import WORDS
from bridge.sandbox.faults import Fault
from tests.sandbox.dashboard.conftest import Owner

FAULTS = "/dashboard/faults"


def test_every_fault_is_explained() -> None:
    assert set(WORDS) == set(Fault)


async def test_faults_are_shown_and_changed(owner: Owner) -> None:
    await owner.play.admin.set_faults({"latency": 0.5})

    page = await owner.surfer.get(FAULTS)
    changed = await owner.surfer.send(page.form(FAULTS), error_500="0.25")

    assert page.form(FAULTS).value("latency") == "0.5"
    assert "Some are on" in changed.text
    faults = await owner.play.admin.faults()
    assert (faults["latency"], faults["error_500"], faults["redirect"]) == (0.5, 0.25, 0)


@pytest.mark.parametrize("value", ["2", "-1", "nan", "inf", "often"])
async def test_what_is_no_chance_is_said_and_changes_nothing(owner: Owner, value: str) -> None:
    page = await owner.surfer.get(FAULTS)

    wrong = await owner.surfer.send(page.form(FAULTS), error_500=value, redirect="1")

    assert wrong.status == 422
    assert "error_500: Write a number from 0 to 1." in wrong.text
    assert wrong.form(FAULTS).value("error_500") == value
    assert not any((await owner.play.admin.faults()).values())


async def test_all_faults_are_turned_off_by_one_button(owner: Owner) -> None:
    await owner.play.admin.set_faults({"latency": 0.5, "answer_lost": 1})

    page = await owner.surfer.get(FAULTS)
    after = await owner.surfer.send(page.form(FAULTS), "Turn all off")

    assert "All off" in after.text
    assert not any((await owner.play.admin.faults()).values())


async def test_pages_have_no_faults(owner: Owner) -> None:
    await owner.play.admin.set_faults({"error_500": 1, "payout_fails": 1})

    assert (await owner.see()).status == 200
