"""Lines, cut from pieces."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import MessageTooLarge
from bridge.intake.lines import Lines


def test_a_line_is_whole_when_its_newline_has_come() -> None:
    lines = Lines()

    assert lines.feed(b'{"a"') == []
    assert lines.feed(b': 1}\r\n{"b": 2}\n{"c"') == [b'{"a": 1}', b'{"b": 2}']
    assert lines.feed(b": 3}") == []
    assert lines.end() == [b'{"c": 3}']


def test_blank_lines_do_not_count() -> None:
    lines = Lines()

    assert lines.feed(b"\n\r\n  \n{}\n\n") == [b"{}"]
    assert lines.end() == []


def test_a_bom_before_the_first_line_is_dropped() -> None:
    assert Lines().feed(b"\xef\xbb\xbf{}\n") == [b"{}"]


def test_a_line_that_is_too_long_is_skipped_to_its_end() -> None:
    lines = Lines(10)

    found = lines.feed(b"{}\n" + b"x" * 8) + lines.feed(b"x" * 8) + lines.feed(b"x\n{}\n")

    assert found[0] == b"{}"
    assert isinstance(found[1], MessageTooLarge)
    assert found[2] == b"{}"
    assert len(found) == 3


def test_a_line_of_exactly_the_limit_passes() -> None:
    lines = Lines(4)

    assert lines.feed(b"1234\r\n1234\n") == [b"1234", b"1234"]
    assert isinstance(lines.feed(b"12345\n")[0], MessageTooLarge)


def test_a_last_line_that_is_too_long_is_refused_too() -> None:
    lines = Lines(4)
    lines.feed(b"123456")

    assert isinstance(lines.end()[0], MessageTooLarge)
    assert lines.end() == []


def test_an_endless_line_is_not_kept() -> None:
    lines = Lines(1024)
    piece = b"x" * 65_536
    tracemalloc.start()
    for _ in range(200):
        lines.feed(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1_000_000


@given(st.lists(st.binary(max_size=30)), st.integers(1, 20))
def test_where_the_pieces_end_does_not_matter(written: list[bytes], size: int) -> None:
    whole = b"\n".join(written)
    at_once, piecemeal = Lines(20), Lines(20)

    expected = at_once.feed(whole) + at_once.end()
    found = [
        line
        for start in range(0, len(whole), size)
        for line in piecemeal.feed(whole[start : start + size])
    ] + piecemeal.end()

    assert [line if isinstance(line, bytes) else type(line) for line in found] == [
        line if isinstance(line, bytes) else type(line) for line in expected
    ]
