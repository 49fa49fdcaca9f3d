"""`status` says what an operator has to look at in the ledger, with a daemon and without."""

import pytest

from bridge.cli.status import _stopped
from bridge.outbox.contract import Outbox
from tests.cli.conftest import Cli
from tests.cli.play import Site, in_outbox


async def distrust(outbox: Outbox) -> None:
    await outbox.quarantine("it may be an old copy")


def test_status_says_why_the_ledger_is_in_quarantine(cli: Cli, configured: Site) -> None:
    in_outbox(configured.outbox, distrust)
    ran = cli("status")

    assert ran.code == 0, ran.err
    assert "  ! quarantine: it may be an old copy; `campaign-bridge reconcile`, then" in ran.out


def test_status_of_a_sound_ledger_names_no_reasons(cli: Cli, configured: Site) -> None:
    assert "!" not in cli("status").out


@pytest.mark.parametrize(("confirms", "told"), [(True, False), (False, True)])
def test_status_says_where_accepted_is_the_last_word(confirms: bool, told: bool) -> None:
    lane = {"campaign": "camp_1", "pause": None, "held": {}, "entries": {"accepted": 2}}

    said = "\n".join(_stopped({**lane, "confirms": confirms}))

    assert ("accepted  camp_1: that is the last word" in said) is told
