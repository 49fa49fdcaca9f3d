"""One feat is one payout, whichever of log and file tells it first."""

import pytest
from bridge_adapter_minecraft import SPEC

from bridge.testing import Road

ALICE = "11111111-2222-4333-8444-555555555555"
NAMED = "11111111-2222-3333-8444-555555555555"
RULES = [{"match": "*", "event_code": "ADVANCEMENT", "repeat": "once"}]


def log(uuid: str = ALICE) -> bytes:
    return f"""\
[18:00:00] [User Authenticator #1/INFO]: UUID of player Alice is {uuid}
[18:00:00] [Server thread/INFO]: Alice[/203.0.113.9:1] logged in with entity id 7 at (1.0, 2.0, 3.0)
[18:01:00] [Server thread/INFO]: Alice has made the advancement [Stone Age]
[18:02:00] [Server thread/INFO]: Alice has completed the challenge [Dragon Slayer]
""".encode()


FILE = b"""{
  "minecraft:story/mine_stone": {"criteria": {"x": "2026-11-20 18:01:00 +0000"}, "done": true},
  "mypack:quests/dragon": {"criteria": {"x": "2026-11-20 18:02:00 +0000"}, "done": true}
}"""
FEATS = ["mypack:quests/dragon", "story/mine_stone"]


@pytest.mark.parametrize("options", [{}, {"titles": {"Dragon Slayer": "mypack:quests/dragon"}}])
@pytest.mark.parametrize("first", ["log", "file"])
@pytest.mark.parametrize("rules", [RULES, []])
def test_log_and_file_together_pay_each_feat_once(
    first: str, options: dict[str, object], rules: list[dict[str, object]]
) -> None:
    road = Road(SPEC, rules=rules, options=options)
    paid = road.lines(log()) if first == "log" else []
    paid += road.file(f"{ALICE}.json", FILE)
    paid += road.lines(log())
    paid += road.file(f"{ALICE}.json", FILE)

    assert sorted(payout.feat or payout.event_code for payout in paid) == FEATS
    assert road.refused == []


def test_a_player_of_offline_mode_needs_the_option_and_the_trust() -> None:
    assert Road(SPEC).lines(log(NAMED)) == []
    assert Road(SPEC, options={"offline_mode": True}, trust="platform").lines(log(NAMED)) == []
    (payout,) = Road(SPEC, options={"offline_mode": True}, trust="name").lines(log(NAMED))

    assert payout.player == f"minecraft:{NAMED}"
