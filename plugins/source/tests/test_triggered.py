"""Which `triggered` lines are events, and what comes with them."""

import pytest

from bridge import MessageRejected

ADA = '"Ada<2><[U:1:1001]><CT>"'


@pytest.mark.parametrize(
    "name", ["Got_The_Bomb", "kill assist", "player_builtobject", "weaponstats", "clantag"]
)
def test_noise_is_left_out(reader, name: str) -> None:
    assert reader.line(f'{ADA} triggered "{name}"') == []


def test_the_settings_say_what_counts(reader_with) -> None:
    reader = reader_with(triggered=["kill assist", "flag*"])

    assert reader.line(f'{ADA} triggered "flagevent" (event "captured")')[0].details == {
        "team": "CT",
        "event": "captured",
    }
    assert reader.line(f'{ADA} triggered "kill assist"')
    assert reader.line(f'{ADA} triggered "achievement_win"') == []


@pytest.mark.parametrize("name", ["kill", "death", "link_code", "assist", "accolade_4k"])
def test_no_plugin_can_use_the_names_of_the_adapter(reader_with, name: str) -> None:
    assert reader_with(triggered=["*"]).line(f'{ADA} triggered "{name}" (code "ABCD2345")') == []


@pytest.mark.parametrize("rest", [" (points", ' (points "5', " and then", '"', ' against "Bob"'])
def test_a_line_that_goes_on_oddly_is_refused(reader, rest: str) -> None:
    with pytest.raises(MessageRejected):
        reader.line(f'{ADA} triggered "achievement_win"{rest}')


def test_of_noise_the_rest_does_not_matter(reader) -> None:
    assert reader.line(f'{ADA} triggered "weaponstats" and then') == []


def test_long_properties_are_not_kept(reader) -> None:
    rest = "".join(f' (key{number} "{"x" * number * 20}")' for number in range(20))
    (event,) = reader.line(f'{ADA} triggered "achievement_win"{rest}')

    assert set(event.details) == {"team", *(f"key{number}" for number in range(6))}


def test_a_plugin_can_not_say_which_match_it_is(reader) -> None:
    rest = ' (match "mine") (map "mine") (team "mine") (against "mine") (level "3")'
    (event,) = reader.line(f'{ADA} triggered "achievement_win"{rest}')

    assert event.details == {"team": "CT", "level": "3"}
