"""`status` says what an operator has to look at in the ledger, with a daemon and without."""

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
