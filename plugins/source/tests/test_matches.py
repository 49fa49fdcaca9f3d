"""The log says where a match starts; its events name it."""

WIN = '"Ada<2><[U:1:1001]><CT>" triggered "achievement_win"'


def match_of(reader) -> object:
    (event,) = reader.line(WIN)
    return event.details.get("match")


def test_before_its_start_was_seen_a_match_has_no_name(reader) -> None:
    assert match_of(reader) is None


def test_a_map_that_loads_is_a_match(reader) -> None:
    reader.line('Loading map "de_mill"', "11/23/2026 - 18:00:01.015")

    assert match_of(reader) == "2026-11-23T18:00:01.015 de_mill"


def test_a_map_that_loaded_and_started_is_one_match(reader) -> None:
    reader.line('Loading map "crossfire"', "11/23/2026 - 18:00:01")
    reader.line('Started map "crossfire" (CRC "-123")', "11/23/2026 - 18:00:02")

    assert match_of(reader) == "2026-11-23T18:00:01 crossfire"


def test_a_map_that_starts_again_is_another_match(reader) -> None:
    for second in (2, 9):
        reader.line('Started map "crossfire" (CRC "-123")', f"11/23/2026 - 18:00:0{second}")

    assert match_of(reader) == "2026-11-23T18:00:09 crossfire"


def test_a_match_that_goes_live_is_a_match(reader) -> None:
    reader.line('Loading map "de_mill"', "11/23/2026 - 18:00:01")
    reader.line('World triggered "Match_Start" on "de_mill"', "11/23/2026 - 18:03:00")

    assert match_of(reader) == "2026-11-23T18:03:00 de_mill"


def test_a_new_log_file_is_a_match_of_a_map_unknown(reader) -> None:
    reader.line('Log file started (file "logs/L1.log") (game "/srv/csgo") (version "7685")')

    assert match_of(reader) == "2026-11-23T18:00:00"


def test_nobody_starts_a_match_by_talking(reader) -> None:
    for says in ('Loading map "x"', 'World triggered "Match_Start" on "x"'):
        reader.line(f'"Ada<2><[U:1:1001]><CT>" say "{says}"')
        reader.line(f"Server say {says}")
        reader.line(f'rcon from "192.0.2.1:5": command "{says}"')
        reader.line(f"{says} (now)")

    assert match_of(reader) is None
