"""The audit finds what is lost, what is paid twice and what nobody achieved."""

import json
from pathlib import Path

from bridge.cli.audit import Audit, Effect, Feat, audit, read_tally

REFS = {"name:A": "usr_a", "name:B": "usr_b"}
FEATS = [Feat("name:A", "frag", "m/1", "k1"), Feat("name:B", "frag", "m/2", "k2")]
PAID = [Effect("k1", "usr_a", "frag"), Effect("k2", "usr_b", "frag")]


def test_each_feat_paid_once_is_clean() -> None:
    verdict = audit(FEATS, PAID, REFS, {})

    assert verdict == Audit(achieved=2, paid=2, lost=0, duplicate=0)
    assert verdict.clean
    assert str(verdict) == "achieved=2 paid=2 lost=0 duplicate=0"


def test_a_feat_without_an_effect_is_lost() -> None:
    verdict = audit(FEATS, PAID[:1], REFS, {})

    assert verdict == Audit(achieved=2, paid=1, lost=1, duplicate=0)
    assert not verdict.clean


def test_a_second_effect_of_one_feat_is_a_duplicate() -> None:
    assert audit(FEATS, [*PAID, PAID[0]], REFS, {}) == Audit(2, 3, 0, 1)


def test_an_effect_without_a_feat_is_a_duplicate() -> None:
    assert audit(FEATS, [*PAID, Effect(None, "usr_a", "frag")], REFS, {}) == Audit(2, 3, 0, 1)


def test_one_lost_and_another_paid_twice_do_not_cancel_out() -> None:
    same = [Feat("name:A", "frag", "m/1", "k1"), Feat("name:A", "frag", "m/2", "k2")]
    twice = [Effect("k1", "usr_a", "frag")] * 2

    assert audit(same, twice, REFS, {}) == Audit(2, 2, 1, 1)


def test_a_payout_to_the_wrong_user_is_both_lost_and_duplicate() -> None:
    wrong = [PAID[0], Effect("k2", "usr_a", "frag")]

    assert audit(FEATS, wrong, REFS, {}) == Audit(2, 2, 1, 1)


def test_a_later_wire_key_counts_for_its_entry() -> None:
    rebound = [PAID[0], Effect("w2", "usr_b", "frag")]

    assert audit(FEATS, rebound, REFS, {"w2": "k2"}).clean
    assert audit(FEATS, [*PAID, rebound[1]], REFS, {"w2": "k2"}) == Audit(2, 3, 0, 1)


def test_a_feat_that_was_never_acknowledged_is_lost() -> None:
    assert audit([Feat("name:A", "frag", "m/1", None)], [], REFS, {}) == Audit(1, 0, 1, 0)


def test_a_tally_is_read_and_a_line_cut_short_is_skipped(tmp_path: Path) -> None:
    lines = [
        {"player": "name:A", "achievement": "frag", "id": "m/1"},
        {"acknowledged": "m/1", "key": "k1", "state": "stored"},
        {"repeated": "m/1", "key": "k1"},
        {"player": "name:B", "achievement": "frag", "id": "m/2"},
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    (tmp_path / "tally").write_text(text + '\n{"player": "name:B", "achi')

    feats = read_tally(tmp_path / "tally")

    assert feats == [FEATS[0], Feat("name:B", "frag", "m/2", None)]
