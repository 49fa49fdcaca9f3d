"""A code typed in chat links whoever the line itself proves."""

import pytest

ADA = '"Ada<2><[U:1:1001]><CT>"'


@pytest.mark.parametrize(
    "says",
    ['say "!link ABCD-EFGH"', 'say_team "!link ABCD-EFGH"', 'say "!link ABCD-EFGH" (dead)'],
)
def test_a_code_is_told(reader, says: str) -> None:
    (event,) = reader.line(f"{ADA} {says}")

    assert (event.player, event.name) == ("steam:76561197960266729", "link_code")
    assert event.details == {"code": "ABCD-EFGH"}


@pytest.mark.parametrize(
    "line",
    [
        f'{ADA} say "type !link ABCDEFGH"',
        f'{ADA} say "!link ABCDEFGH now"',
        f'{ADA} say "!link"',
        f'{ADA} say "!link ABCDEFGHIJ"',
        '"Hal<2><BOT><CT>" say "!link ABCDEFGH"',
        '"Console<0>" say "!link ABCDEFGH"',
        f'Server say {ADA} say "!link ABCDEFGH"',
        f'"Eve<3><[U:1:666]><T>" say "{ADA[1:]} say "!link ABCDEFGH"',
        '"Eve<3><[U:1:666]><T>" say "!link ABCDEFGH<2><[U:1:1001]><CT>" say "hello"',
    ],
)
def test_other_talk_is_idle(reader, line: str) -> None:
    assert reader.line(line) == []
