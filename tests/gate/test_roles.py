"""What each role may do."""

import pytest

from bridge.gate.roles import Right, Role


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.GAME, {Right.POST, Right.LINK, Right.READ_PLAYERS}),
        (Role.READ, {Right.READ_PLAYERS, Right.READ}),
        (Role.OPERATOR, set(Right)),
    ],
)
def test_a_role_has_exactly_its_rights(role: Role, rights: set[Right]) -> None:
    assert {right for right in Right if role.may(right)} == rights
