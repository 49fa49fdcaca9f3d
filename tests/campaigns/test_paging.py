"""Lists in pages: read to the end, each row once, whatever is claimed about their length."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.campaigns.paging import every_row
from bridge.campaigns.schemas import Page
from bridge.errors import CampaignError


class Shelf:
    """A list that is handed out in pages, with what is said of the rest."""

    def __init__(
        self,
        rows: Sequence[str],
        *,
        total: int | None = None,
        has_more: bool | None = None,
        honest: bool = False,
        largest: int = 1000,
        ignores_offset: bool = False,
    ) -> None:
        self.rows = list(rows)
        self.total, self.has_more = total, has_more
        self.honest, self.largest, self.ignores_offset = honest, largest, ignores_offset
        self.asked: list[tuple[int, int]] = []

    async def page(self, limit: int, offset: int) -> Page[str]:
        self.asked.append((limit, offset))
        start = 0 if self.ignores_offset else offset
        end = start + min(limit, self.largest)
        rows = tuple(self.rows[start:end])
        if self.honest:
            return Page(rows, offset, len(self.rows), end < len(self.rows))
        return Page(rows, offset, self.total, self.has_more)


async def read(shelf: Shelf, limit: int = 2, most: int = 50) -> list[str]:
    return [row async for row in every_row(shelf.page, str, limit=limit, most=most)]


LETTERS = list("abcdefg")


@pytest.mark.parametrize("largest", [1, 2, 1000])
async def test_an_honest_list_is_read_to_its_end(largest: int) -> None:
    assert await read(Shelf(LETTERS, honest=True, largest=largest)) == LETTERS


async def test_an_honest_end_costs_no_further_call() -> None:
    shelf = Shelf(LETTERS[:4], honest=True)
    await read(shelf)

    assert shelf.asked == [(2, 0), (2, 2)]


@pytest.mark.parametrize("total", [None, 0, 3, 7, 1000])
@pytest.mark.parametrize("has_more", [None, True])
async def test_neither_claim_is_believed_alone(total: int | None, has_more: bool | None) -> None:
    assert await read(Shelf(LETTERS, total=total, has_more=has_more)) == LETTERS


async def test_a_total_that_is_larger_than_has_more_says_is_followed() -> None:
    assert await read(Shelf(LETTERS, total=7, has_more=False)) == LETTERS


async def test_where_both_agree_that_it_ends_it_ends() -> None:
    assert await read(Shelf(LETTERS, total=2, has_more=False)) == ["a", "b"]


@pytest.mark.parametrize("has_more", [None, False])
async def test_a_list_whose_offset_is_ignored_is_read_once(has_more: bool | None) -> None:
    shelf = Shelf(["a", "b"], has_more=has_more, ignores_offset=True)

    assert await read(shelf) == ["a", "b"]


async def test_a_list_that_claims_more_and_repeats_itself_is_read_once() -> None:
    shelf = Shelf(["a", "b"], total=2, has_more=True, ignores_offset=True)

    assert await read(shelf) == ["a", "b"]


@pytest.mark.parametrize("total", [None, 7])
async def test_a_list_that_hides_its_rest_is_not_taken_for_whole(total: int | None) -> None:
    shelf = Shelf(LETTERS, total=total, has_more=True, ignores_offset=True)

    with pytest.raises(CampaignError, match="repeat themselves"):
        await read(shelf)

    assert len(shelf.asked) == 4


async def test_rows_without_a_name_are_told_apart_by_their_page() -> None:
    shelf = Shelf(["a", "a", "a"], total=None, has_more=True)
    found = [row async for row in every_row(shelf.page, lambda _: "", limit=2)]

    assert found == ["a", "a", "a"]


async def test_a_list_without_end_is_given_up() -> None:
    class Endless(Shelf):
        async def page(self, limit: int, offset: int) -> Page[str]:
            rows = tuple(str(number) for number in range(offset, offset + limit))
            return Page(rows, offset, offset + 1000, has_more=True)

    with pytest.raises(CampaignError, match="50 rows were read"):
        await read(Endless([]), limit=10)


async def test_rows_that_are_pushed_on_while_it_is_read_come_once() -> None:
    class Growing(Shelf):
        async def page(self, limit: int, offset: int) -> Page[str]:
            found = await super().page(limit, offset)
            if len(self.asked) < 4:
                self.rows[:0] = [f"new {len(self.asked)}"]
            return found

    found = await read(Growing(LETTERS, honest=True))

    assert found == LETTERS


async def test_it_begins_where_it_is_told_to() -> None:
    shelf = Shelf(LETTERS, honest=True)
    found = [row async for row in every_row(shelf.page, str, offset=5, limit=3)]

    assert found == ["f", "g"]


@given(
    st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=12),
    st.none() | st.integers(0, 20),
    st.none() | st.booleans(),
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
)
async def test_whatever_is_claimed_no_row_comes_twice_and_it_ends(
    rows: list[str],
    total: int | None,
    has_more: bool | None,
    largest: int,
    limit: int,
    ignores: bool,
) -> None:
    shelf = Shelf(rows, total=total, has_more=has_more, largest=largest, ignores_offset=ignores)
    try:
        found = await read(shelf, limit)
    except CampaignError:
        found = []

    assert found == rows[: len(found)]
    assert len(shelf.asked) <= len(rows) + 4
