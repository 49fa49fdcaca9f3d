"""A record is what a frozen dataclass is, but for the freezing."""

import copy
import pickle
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.record import record


class Three:
    """Of three fields."""

    a: int
    b: str = "b"
    c: Any = field(default=None, compare=False)


class Hidden:
    """With a secret."""

    a: int
    b: str = field(default="s3cret", repr=False)
    c: tuple[int, ...] = ()


class One:
    """Of one field."""

    a: int = 0


class Empty:
    """Of none."""


class Own:
    """With words of its own."""

    a: int = 0

    def __repr__(self) -> str:
        return f"own {self.a}"

    def __hash__(self) -> int:
        return 7


KINDS = (Three, Hidden, One, Empty, Own)


def fresh(kind: type[Any]) -> type[Any]:
    """Return the class again: a dataclass is made of each but once."""
    own = {
        name: value for name, value in vars(kind).items() if name not in {"__dict__", "__weakref__"}
    }
    return type(kind.__name__, (), own)


@pytest.mark.parametrize("kind", KINDS)
@given(first=st.tuples(*[st.integers(0, 1)] * 3), second=st.tuples(*[st.integers(0, 1)] * 3))
def test_it_says_and_equals_what_a_frozen_dataclass_does(
    kind: type[Any], first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    ours, frozen = record(fresh(kind)), dataclass(frozen=True, slots=True)(fresh(kind))
    many = len(fields(frozen))
    mine, other = ours(*first[:many]), ours(*second[:many])
    yours, another = frozen(*first[:many]), frozen(*second[:many])

    assert repr(mine) == repr(yours)
    assert asdict(mine) == asdict(yours)
    assert (mine == other) is (yours == another)
    assert hash(mine) == hash(other) or mine != other
    assert mine != yours
    assert ours.__match_args__ == frozen.__match_args__


def test_it_is_a_dataclass_with_slots() -> None:
    ours = record(fresh(Three))
    one = ours(1)

    assert is_dataclass(one)
    assert replace(one, a=2) == ours(2)
    assert not hasattr(one, "__dict__")
    with pytest.raises(AttributeError):
        one.d = 1


@record(kw_only=True)
class Named:
    """Named."""

    a: int
    b: "Named | None" = None


@record(kw_only=True)
class More(Named):
    """And more."""

    c: int = 0


def test_it_is_inherited_copied_and_sent() -> None:
    one = More(a=1, b=Named(a=2), c=3)

    assert one == More(a=1, b=Named(a=2), c=3) != More(a=1, c=3)
    assert Named(a=1) != More(a=1)
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301
    assert repr(one) == "More(a=1, b=Named(a=2, b=None), c=3)"
    with pytest.raises(TypeError):
        More(1)  # type: ignore[misc]
