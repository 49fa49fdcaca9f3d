"""The numbers, over HTTP and as they are made."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.control.health import Reason
from bridge.control.metrics.board import Board, Kind, counter, gauge, histogram
from bridge.control.metrics.page import families, rendered
from bridge.control.views import Json
from bridge.timing import Histogram
from tests.control.conftest import OTHER, Control
from tests.control.metrics.play import LANE, SOURCE, STATUS, measured, samples
from tests.outbox.play import ALICE, BOB, CAMPAIGN

LAME = Reason("lane-key-refused", "camp_1: the key was refused")
FULL = Reason("store-full", "no space left on /srv", blocking=True)

Samples = dict[tuple[str, tuple[str, ...]], float]


async def numbers(desk: Control) -> Samples:
    reply = await desk.call("GET", "/metrics", token="r3ad")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(reply.body)


# -- over HTTP ------------------------------------------------------------------------------


async def test_entries_are_counted_by_campaign_and_state_with_zeros_for_the_rest(
    two: Control,
) -> None:
    await two.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    await two.put(1)
    await two.put(2, BOB)
    await two.put(3, BOB, OTHER)
    two.play.clock.advance(90)
    found = await numbers(two)

    assert found["entries", (CAMPAIGN, "due")] == 1
    assert found["entries", (CAMPAIGN, "held")] == 1
    assert found["entries", (OTHER, "held")] == 1
    assert found["entries", (OTHER, "dead")] == 0
    assert found["held_entries", (CAMPAIGN, "unlinked")] == 1
    assert found["oldest_due_seconds", (CAMPAIGN,)] == 90
    assert found["oldest_due_seconds", (OTHER,)] == 0
    assert found["link_sessions", (CAMPAIGN, "pending")] == 0


async def test_an_empty_outbox_has_numbers_too(desk: Control) -> None:
    found = await numbers(desk)

    assert found["ready", ()] == 1
    assert found["quarantine", ()] == 0


async def test_a_reason_is_one_sample_however_often_it_is_in_force(desk: Control) -> None:
    desk.reasons = [LAME, FULL, Reason(LAME.code, "camp_2: the key was refused")]
    found = await numbers(desk)

    assert found["ready", ()] == 0
    assert {labels for name, labels in found if name == "reason"} == {
        ("false", "lane-key-refused"),
        ("true", "store-full"),
    }


async def test_a_campaign_with_an_odd_name_does_not_break_the_numbers(two: Control) -> None:
    odd = 'a"b\\c\nd'
    await two.put(1, campaign=odd)

    assert ("entries", (odd, "held")) in await numbers(two)


# -- as they are made -----------------------------------------------------------------------


def made(status: Json = STATUS) -> Samples:
    return samples(rendered(status, [LAME], measured()))


def test_every_metric_that_is_declared_has_a_value_where_everything_is_in_use() -> None:
    shown = {name for name, _ in made()}
    missing = [
        family.name
        for family in families()
        if f"{family.short}{'_count' if family.kind is Kind.HISTOGRAM else ''}" not in shown
    ]

    assert missing == []


def test_names_end_as_prometheus_wants_them() -> None:
    for family in families():
        assert family.name.endswith("_total") == (family.kind is Kind.COUNTER), family.name
        assert not family.short.endswith(("_total", "_count", "_sum", "_bucket")), family.name
        assert family.meaning.endswith("."), family.name


def test_the_processs_own_numbers_are_there() -> None:
    text = rendered(STATUS, [], measured()).decode()

    for name in ("resident_memory_bytes", "open_fds", "cpu_seconds_total", "start_time_seconds"):
        assert f"\nprocess_{name} " in text


@pytest.mark.parametrize(("confirms", "seconds"), [(True, 7200.0), (False, 0.0)])
def test_what_nothing_could_ever_confirm_has_no_age(confirms: bool, seconds: float) -> None:
    lane = {**LANE, "oldest_unpaid_seconds": 7200.0, "confirms": confirms}
    found = made({**STATUS, "campaigns": [lane], "payout_lag": 3600.0})

    assert found["oldest_unpaid_seconds", (CAMPAIGN,)] == seconds
    assert found["payouts_overdue", (CAMPAIGN,)] == confirms


def test_a_stopped_lane_says_why_and_an_open_one_says_nothing() -> None:
    lane = {**STATUS["lanes"][0], "paused": "breaker_open"}
    stopped = made({**STATUS, "lanes": [lane]})
    opened = made({**STATUS, "lanes": [{**lane, "paused": None}]})

    assert stopped["lane_paused", (CAMPAIGN, "breaker_open")] == 1
    assert stopped["lane_breaker_open", (CAMPAIGN,)] == 1
    assert stopped["lane_open", (CAMPAIGN,)] == 0
    assert opened["lane_open", (CAMPAIGN,)] == 1
    assert not any(name == "lane_paused" for name, _ in opened)


def test_a_source_that_has_trouble_with_its_log_is_stuck() -> None:
    view = {**SOURCE, "following": {**SOURCE["following"], "trouble": "no permission"}}
    found = made({**STATUS, "sources": [view]})

    assert found["source_stuck", ("arena",)] == 1
    assert found["source_lag_bytes", ("arena",)] == SOURCE["following"]["behind"]


def test_a_receive_buffer_tells_how_much_of_it_is_missing() -> None:
    found = made()

    assert found["udp_receive_buffer_bytes", ("udp",)] == 100
    assert found["udp_receive_buffer_missing_bytes", ("udp",)] == 300
    assert found["udp_dropped", ("udp",)] == 7


# -- the board ------------------------------------------------------------------------------

LEVEL, CALLS, TOOK = (
    gauge("level", "A level.", "of"),
    counter("calls", "Calls."),
    histogram("took_seconds", "A time."),
)


def test_a_value_with_other_labels_than_declared_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"level has the labels"):
        Board([LEVEL]).set("level", 1, whose="mine")


def test_a_value_of_the_wrong_kind_is_a_mistake() -> None:
    board = Board([LEVEL, TOOK])

    with pytest.raises(TypeError, match="is a histogram"):
        board.set("took_seconds", 1)
    with pytest.raises(TypeError, match="no histogram"):
        board.took("level", Histogram((1,)), of="it")


def test_what_nobody_knows_is_not_shown() -> None:
    board = Board([LEVEL, CALLS])
    board.set("level", None, of="it")

    assert list(board.collect()) == []


def test_a_histogram_is_told_with_its_buckets_and_sum() -> None:
    board, times = Board([TOOK]), Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 30.0):
        times.observe(seconds)
    board.took("took_seconds", times)
    (family,) = board.collect()

    assert [(s.labels.get("le"), s.value) for s in family.samples] == [
        ("0.1", 2),
        ("1.0", 3),
        ("+Inf", 4),
        (None, 4),
        (None, 30.65),
    ]


def test_prometheus_own_parser_reads_every_family() -> None:
    text = rendered(STATUS, [LAME], measured()).decode()
    kinds = {f"campaign_bridge_{family.short}": family.kind.value for family in families()}
    read = {
        family.name: family.type
        for family in text_string_to_metric_families(text)
        if family.name.startswith("campaign_bridge_")
    }

    assert read == kinds
