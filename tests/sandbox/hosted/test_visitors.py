"""Visitors: what is remembered of a browser, and how much."""

from bridge.sandbox.hosted.visitors import MOST_REMEMBERED, Visitors


def visitors() -> Visitors:
    return Visitors("sandbox-player", lambda: "http://127.0.0.1:8798")


def test_a_token_belongs_to_one_visitor_of_one_run() -> None:
    one, two = visitors(), visitors()

    assert one.token("a") == one.token("a")
    assert len({one.token("a"), one.token("b"), two.token("a")}) == 3


def test_the_oldest_enrolment_is_forgotten_first() -> None:
    kept = visitors()
    for n in range(MOST_REMEMBERED + 1):
        kept.remember(f"visitor-{n}", "inv_1", f"usr_{n}")

    assert kept.joined("visitor-0", "inv_1") is None
    assert kept.joined("visitor-1", "inv_1") == "usr_1"
    assert kept.joined("visitor-1", "inv_2") is None
