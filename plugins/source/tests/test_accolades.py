"""An accolade names, and so goes to the only one of that name, or to nobody."""

ADA = "steam:76561197960266729"
START = 'World triggered "Match_Start" on "de_mill"'


def seen(name: str, uid: int, auth: str) -> str:
    return f'"{name}<{uid}><{auth}><CT>" left buyzone with [ weapon_knife ]'


def accolade(name: str) -> str:
    return f"ACCOLADE, FINAL: {{4k}},\t{name}<1>,\tVALUE: 3.000000,\tPOS: 1,\tSCORE: 80.000000"


def test_the_only_one_of_that_name_has_it(reader) -> None:
    reader.line(START)
    reader.line(seen("Ada", 12, "[U:1:1001]"))
    reader.line(seen("Hal", 1, "BOT"))
    (event,) = reader.line(accolade("Ada"))

    assert (event.player, event.name) == (ADA, "accolade_4k")
    assert event.details["value"] == 3.0


def test_of_two_with_one_name_nobody_has_it(reader) -> None:
    reader.line(START)
    reader.line(seen("Ada", 12, "[U:1:1001]"))
    reader.line(seen("Ada", 13, "BOT"))

    assert reader.line(accolade("Ada")) == []


def test_bots_and_strangers_have_none(reader) -> None:
    reader.line(START)
    reader.line(seen("Hal", 1, "BOT"))

    assert reader.line(accolade("Hal")) == []
    assert reader.line(accolade("Nobody")) == []


def test_the_name_of_today_counts(reader) -> None:
    reader.line(START)
    reader.line(seen("Ada", 12, "[U:1:1001]"))
    reader.line('"Ada<12><[U:1:1001]><CT>" changed name to "Bea"')

    assert reader.line(accolade("Ada")) == []
    assert [event.player for event in reader.line(accolade("Bea"))] == [ADA]


def test_whoever_left_leaves_the_name(reader) -> None:
    reader.line(START)
    reader.line(seen("Ada", 12, "[U:1:1001]"))
    reader.line(seen("Ada", 13, "[U:1:1200]"))
    reader.line('"Ada<13><[U:1:1200]><CT>" disconnected (reason "Disconnect")')

    assert [event.player for event in reader.line(accolade("Ada"))] == [ADA]


def test_where_the_match_was_not_seen_from_its_start_nobody_has_it(reader) -> None:
    reader.line(seen("Ada", 12, "[U:1:1001]"))

    assert reader.line(accolade("Ada")) == []


def test_they_can_be_left_out(reader_with) -> None:
    reader = reader_with(accolades=False)
    reader.line(START)
    reader.line(seen("Ada", 12, "[U:1:1001]"))

    assert reader.line(accolade("Ada")) == []
