"""The contract of every outbox: rules that count."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.events import State
from bridge.outbox.values import Brakes, Counting, NewEntry, Turn
from bridge.outbox.views import RememberedRule, RememberedSource
from tests.outbox.braked import DAY, SHADOW
from tests.outbox.counting import counting, deed, made, put
from tests.outbox.play import ALICE, BOB, CAMPAIGN, Play, entry

# -- counting -------------------------------------------------------------------------------


async def test_a_counter_pays_when_it_is_full_and_begins_anew(play: Play) -> None:
    told = await put(play, *(deed(f"m{n}", counting(3)) for n in range(7)))

    assert told == ["counted", "counted", "#1001", "counted", "counted", "#1002", "counted"]
    assert await made(play) == [1001, 1002]


async def test_it_goes_on_from_call_to_call(play: Play) -> None:
    told = [await put(play, deed(f"m{n}", counting(2))) for n in range(4)]

    assert told == [["counted"], ["#1001"], ["counted"], ["#1002"]]


async def test_a_counter_of_one_pays_each_event(play: Play) -> None:
    assert await put(play, deed("m1", counting(1)), deed("m2", counting(1))) == ["#1001", "#1002"]


async def test_each_rule_and_each_scope_has_a_count_of_its_own(play: Play) -> None:
    told = await put(
        play,
        deed("m1", counting(2)),
        deed("m2", counting(2, scope='["bob"]', made=1100)),
        deed("m3", counting(2, rule="kills", made=1200)),
        deed("m4", counting(2)),
        deed("m5", counting(2, rule="kills", made=1200)),
        deed("m6", counting(2, scope='["bob"]', made=1100)),
    )

    assert told == ["counted"] * 3 + ["#1001", "#1201", "#1101"]


async def test_what_a_full_counter_makes_is_an_entry_as_any(linked: Play) -> None:
    await put(linked, deed("m1", counting(1)))

    (claim,) = await linked.claims()
    assert claim.key == entry(1001).key
    assert (await linked.outbox.receipt(claim.key)).entry.state is State.SENDING


async def test_whoever_waits_for_its_campaign_is_woken(linked: Play) -> None:
    other = "camp_2"
    await linked.outbox.link(other, ALICE, "usr_1", "test")
    watch = linked.outbox.watch(other)
    watch.clear()

    await put(linked, deed("m1", counting(1, campaign=other), own=entry(1)))

    assert watch.is_set()


# -- with an entry of its own ---------------------------------------------------------------


async def test_a_deed_that_is_worth_something_itself_counts_too(play: Play) -> None:
    told = await put(play, *(deed(f"m{n}", counting(2), own=entry(n)) for n in range(1, 4)))

    assert told == ["#1", "#2", "#3"]
    assert await made(play) == [1, 2, 1001, 3]


async def test_one_deed_fills_as_many_counters_as_it_moves(play: Play) -> None:
    streak, hundred = counting(1, rule="streak"), counting(1, rule="hundred", made=1100)

    assert await put(play, deed("m1", streak, hundred)) == ["#1001"]
    assert await made(play) == [1001, 1101]


async def test_a_feat_that_is_known_counts_all_the_same(play: Play) -> None:
    told = await put(play, *(deed(f"m{n}", counting(2), own=entry(1)) for n in range(2)))

    assert told == ["#1", "#1+"]
    assert await made(play) == [1, 1001]


async def test_a_feat_that_a_full_counter_pays_once_is_known_afterwards(play: Play) -> None:
    once = replace(counting(1), make=lambda n: entry(7))

    assert await put(play, deed("m1", once), deed("m2", once)) == ["#7", "#7+"]


# -- known messages -------------------------------------------------------------------------


async def test_a_known_message_changes_nothing_and_gets_its_first_answer(play: Play) -> None:
    deeds = [deed(f"m{n}", counting(2)) for n in range(3)]
    await put(play, *deeds)

    assert await put(play, *reversed(deeds)) == ["counted+", "#1001+", "counted+"]
    assert await put(play, deed("m3", counting(2))) == ["#1002"]


async def test_one_that_says_something_else_by_now_differs(play: Play) -> None:
    await put(play, deed("m1", counting(2), content="one"))

    assert await put(play, deed("m1", counting(2), content="two")) == ["counted+≠"]


async def test_one_message_twice_in_a_call_counts_once(play: Play) -> None:
    twice = deed("m1", counting(2))

    assert await put(play, twice, twice, deed("m2", counting(2))) == [
        "counted",
        "counted+",
        "#1001",
    ]


async def test_a_message_that_counted_is_known_whatever_the_rules_say_today(play: Play) -> None:
    await put(play, deed("m1", counting(2)))
    paid_today = replace(entry(1), message_id=deed("m1").message_id)

    results = await play.outbox.put([paid_today])
    recalled = await play.outbox.recall([deed("m1").message_id])

    assert list(results) == list(recalled)
    assert await made(play) == []


async def test_a_message_that_paid_is_known_to_counters_of_today(play: Play) -> None:
    await play.outbox.put([replace(entry(1), message_id=deed("m1").message_id)])

    assert await put(play, deed("m1", counting(1))) == ["#1+"]


# -- limits ---------------------------------------------------------------------------------


async def test_a_counter_fills_no_more_than_so_many_times(play: Play) -> None:
    first = counting(1, times=2)

    told = await put(play, *(deed(f"m{n}", first) for n in range(4)))

    assert told == ["#1001", "#1002", "counted", "counted"]
    assert await put(play, deed("m3", first)) == ["counted+"]


async def test_what_resets_it_lets_it_begin_anew_and_its_number_go_on(play: Play) -> None:
    kill, death = counting(2), counting(2, resets=True)
    names = ["k1", "d1", "k2", "k3", "d2", "k4", "d3", "k5", "k6"]

    told = await put(play, *(deed(n, kill if n[0] == "k" else death) for n in names))

    assert told == [
        "counted",
        "counted",
        "counted",
        "#1001",
        "counted",
        "counted",
        "counted",
        "counted",
        "#1002",
    ]


async def test_a_reset_that_comes_again_resets_nothing(play: Play) -> None:
    death = deed("d1", counting(2, resets=True))
    await put(play, death, deed("k1", counting(2)))

    assert await put(play, death, deed("k2", counting(2))) == ["counted+", "#1001"]


async def test_an_event_within_the_cooldown_does_not_count(play: Play) -> None:
    seconds = [0, 599.999, 600, 900, 1199, 1200]

    told = await put(
        play,
        *(deed(f"m{at}", counting(1, cooldown=600_000, seconds=at)) for at in seconds),
    )

    assert told == ["#1001", "counted", "#1002", "counted", "counted", "#1003"]
    again = deed("m599.999", counting(1, cooldown=600_000, seconds=5000))
    assert await put(play, again) == ["counted+"]


async def test_one_that_comes_late_is_within_the_cooldown_of_what_it_preceded(play: Play) -> None:
    late = counting(1, cooldown=600_000, seconds=-5000)

    told = await put(play, deed("m1", counting(1, cooldown=600_000)), deed("m2", late))

    assert told == ["#1001", "counted"]


# -- brakes ---------------------------------------------------------------------------------


def capped(to: int, most: int, *, made: int = 1000, **terms: Any) -> Counting:
    """Return a count of a rule that may pay `most` entries a day."""

    def make(n: int) -> NewEntry:
        brakes = Brakes("wins", DAY, player_day=most, **terms)
        return replace(entry(made + n), brakes=brakes)

    return replace(counting(to), make=make)


async def test_what_a_brake_holds_is_held(linked: Play) -> None:
    await put(linked, *(deed(f"m{n}", capped(1, 1)) for n in range(2)))

    assert await linked.state(entry(1001).key) is State.DUE
    assert (await linked.view(entry(1002).key)).reason == "over_cap"


async def test_a_counter_whose_entry_is_turned_away_stays_one_short(linked: Play) -> None:
    strict = capped(2, 1, refuse=True)
    told = await put(linked, *(deed(f"m{n}", strict) for n in range(5)))

    assert told == ["counted", "#1001", "counted", "CapReached", "CapReached"]
    assert await put(linked, deed("m3", capped(2, 5))) == ["#1002"]


async def test_it_stays_one_short_too_where_the_deed_is_paid_by_itself(linked: Play) -> None:
    strict = capped(1, 1, refuse=True)
    told = await put(linked, deed("m1", strict, own=entry(1)), deed("m2", strict, own=entry(2)))

    assert told == ["#1", "#2"]
    assert await made(linked) == [1, 1001, 2]
    assert await put(linked, deed("m2", capped(1, 5)), deed("m3", capped(1, 5))) == [
        "#2+",
        "#1002",
    ]


async def test_a_deed_that_is_turned_away_itself_moves_nothing(linked: Play) -> None:
    refused = replace(entry(1), brakes=Brakes("kills", DAY, player_day=1, refuse=True))
    await linked.outbox.put([replace(refused, key=entry(2).key)])

    assert await put(linked, deed("m1", counting(1), own=refused)) == ["CapReached"]
    assert await put(linked, deed("m1", counting(1))) == ["#1001"]


async def test_what_shadow_mode_forgets_does_not_count_again(linked: Play) -> None:
    await linked.outbox.adopt_lanes([SHADOW])
    deeds = [deed(f"m{n}", counting(2)) for n in range(3)]
    await put(linked, *deeds, deed("own", counting(9, rule="kills"), own=entry(1)))

    assert await linked.outbox.forget_shadow("test") == 2
    assert await put(linked, *deeds) == ["counted+"] * 3
    assert await put(linked, deed("own", own=entry(1))) == ["counted+"]
    assert await put(linked, deed("m4", counting(2))) == ["#1002"]


# -- replays --------------------------------------------------------------------------------

STREAK = counting(2, ordered=True, of_match=True)


async def test_a_replay_counts_where_order_does_not_matter(play: Play) -> None:
    await put(play, deed("m1", counting(3)))

    told = await put(play, *(deed(f"m{n}", counting(3)) for n in (1, 2, 3)), replay=True)

    assert told == ["counted+", "counted", "#1001"]


async def test_a_replay_counts_in_matches_that_it_began(play: Play) -> None:
    first = await put(play, deed("m1", STREAK), replay=True)

    assert first + await put(play, deed("m2", STREAK), replay=True) == ["counted", "#1001"]


async def test_a_replay_leaves_a_match_alone_that_was_counted_live(play: Play) -> None:
    await put(play, deed("m1", STREAK))

    assert await put(play, deed("m2", STREAK), replay=True) == ["counted!"]
    assert await put(play, deed("m2", STREAK)) == ["#1001"]


async def test_a_match_that_goes_on_live_is_not_replayed_any_more(play: Play) -> None:
    await put(play, deed("m1", STREAK), replay=True)
    await put(play, deed("m2", replace(STREAK, resets=True)))

    assert await put(play, deed("m3", STREAK), replay=True) == ["counted!"]


async def test_a_reset_alone_makes_a_match_live(play: Play) -> None:
    await put(play, deed("d1", replace(STREAK, resets=True)))

    assert await put(play, deed("m1", STREAK), replay=True) == ["counted!"]


async def test_a_replay_leaves_alone_what_spans_matches_and_hangs_on_order(play: Play) -> None:
    spans = replace(STREAK, of_match=False)

    assert await put(play, deed("m1", spans), replay=True) == ["counted!"]


async def test_what_a_replay_passed_over_is_told_beside_what_it_made(play: Play) -> None:
    await put(play, deed("m1", STREAK))
    other = counting(9, rule="wins")

    told = await put(
        play,
        deed("m2", STREAK, own=entry(1)),
        deed("m3", STREAK, replace(other, rule="kills")),
        replay=True,
    )

    assert told == ["#1!", "counted!"]
    assert await put(play, deed("m2", STREAK), deed("m3", STREAK)) == ["#1+", "counted+"]


# -- what else it leaves --------------------------------------------------------------------


async def test_a_rule_that_only_counted_is_not_used_until_it_pays(play: Play) -> None:
    await play.outbox.adopt_rules(["wins"])
    await put(play, deed("m1", counting(2)))
    before = list(await play.outbox.remembered_rules())
    await put(play, deed("m2", counting(2)))

    assert before == [RememberedRule("wins", used=False)]
    after = list(await play.outbox.remembered_rules(counted=True))
    assert after == [RememberedRule("wins", True, 1)]


async def test_a_source_whose_events_were_counted_is_used(play: Play) -> None:
    await play.outbox.adopt_sources({"arena": ""})
    await play.outbox.put([deed("m1", counting(2))], Turn("arena", "engine"))

    assert list(await play.outbox.remembered_sources()) == [RememberedSource("arena", "", True)]


@pytest.mark.parametrize("player", [ALICE, BOB])
async def test_a_counter_of_unlinked_players_makes_held_entries(play: Play, player: str) -> None:
    shared = replace(counting(1), make=lambda n: entry(n, player=player))
    await put(play, deed("m1", shared))

    assert (await play.view(entry(1, player=player).key)).reason == "unlinked"
    assert await play.outbox.link(CAMPAIGN, player, "usr_9", "test") == 1
