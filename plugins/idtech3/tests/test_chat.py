"""Codes typed in chat: only where the line leaves no doubt whose they are."""

import pytest
from bridge_adapter_idtech3.arena import Arena, Seat
from bridge_adapter_idtech3.chat import typed

from bridge import MessageRejected

ZOE = Seat(name="Zoe", guid="a" * 32)
BOB = Seat(name="Bob", guid="b" * 32)


def arena(*seats: Seat, whole: bool = True) -> Arena:
    return Arena(seats=dict(enumerate(seats)), whole=whole)


def test_a_code_is_its_speakers() -> None:
    assert typed(arena(ZOE, BOB), b"Bob: !link ABCD-EFGH") == (BOB.guid, "ABCD-EFGH")
    assert typed(arena(ZOE, BOB), b"Zoe: !link abcdefgh") == (ZOE.guid, "ABCDEFGH")


def test_a_name_that_two_share_links_nobody() -> None:
    twin = Seat(name="Bob", guid="c" * 32)

    with pytest.raises(MessageRejected):
        typed(arena(BOB, twin), b"Bob: !link ABCD-EFGH")


def test_whoever_could_be_quoted_by_another_name_links_nobody() -> None:
    quoted = Seat(name="Bob: Zoe", guid="c" * 32)

    with pytest.raises(MessageRejected):
        typed(arena(BOB, quoted), b"Bob: Zoe: !link ABCD-EFGH")


def test_a_code_within_other_words_is_talk() -> None:
    for text in (b"Bob: Zoe: !link ABCD-EFGH", b"Bob: type !link ABCD-EFGH", b"Bob: !link AB"):
        assert typed(arena(ZOE, BOB), text) is None


def test_a_match_that_was_not_seen_from_its_start_links_nobody() -> None:
    with pytest.raises(MessageRejected):
        typed(arena(ZOE, whole=False), b"Zoe: !link ABCD-EFGH")


def test_a_stranger_and_a_bot_link_nobody() -> None:
    for name in (b"Sarge", b"Nobody"):
        with pytest.raises(MessageRejected):
            typed(arena(Seat(name="Sarge")), name + b": !link ABCD-EFGH")
