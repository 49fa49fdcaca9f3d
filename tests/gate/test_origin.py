"""Names we are called by, and pages that may not call."""

import pytest
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from bridge.errors import NotAllowed
from bridge.gate.origin import Hosts, host_name


def check(*headers: tuple[str, str], nameless: bool = False, hosts: Hosts | None = None) -> None:
    mapping = CIMultiDictProxy(CIMultiDict(headers))
    (hosts or Hosts()).check(mapping, "192.0.2.7", nameless=nameless)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:8797", "localhost"),
        ("LOCALHOST", "localhost"),
        ("localhost.", "localhost"),
        ("[::1]:8797", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("user@localhost", ""),
        ("[::1]evil", ""),
        ("localhost:80:80", ""),
        ("", ""),
    ],
)
def test_a_host_is_compared_by_its_name_only(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:1", "[::1]:8797", "127.8.9.1", "192.0.2.7:8797", "Game.lan:80"]
)
def test_our_own_names_are_let_in(host: str) -> None:
    check(("Host", host), hosts=Hosts.of(["game.LAN:8797"]))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.0.2.8", "", "@"])
def test_a_name_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(NotAllowed, match="foreign Host"):
        check(("Host", host))


def test_a_call_without_a_host_passes_only_where_that_is_usual() -> None:
    check(nameless=True)

    with pytest.raises(web.HTTPBadRequest):
        check()


def test_a_call_with_two_hosts_is_refused() -> None:
    with pytest.raises(web.HTTPBadRequest):
        check(("Host", "localhost"), ("Host", "evil.example"))


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example",
        "null",
        "",
        "http://localhost:3000",
        "http://localhost:8797.evil.example",
        "file://",
        "localhost:8797",
    ],
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    with pytest.raises(NotAllowed, match="foreign origin"):
        check(("Host", "localhost:8797"), ("Origin", origin))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8797", "http://localhost:8797"),
        ("LocalHost:8797", "HTTP://localhost:8797"),
        ("localhost", "https://localhost"),
        ("localhost", "https://localhost:443"),
        ("[::1]:8797", "http://[::1]:8797"),
    ],
)
def test_our_own_pages_may_call(host: str, origin: str) -> None:
    check(("Host", host), ("Origin", origin))


def test_a_second_origin_does_not_hide_behind_the_first() -> None:
    with pytest.raises(NotAllowed):
        check(
            ("Host", "localhost"), ("Origin", "http://localhost"), ("Origin", "http://evil.example")
        )


def test_a_cross_site_fetch_is_refused_even_without_an_origin() -> None:
    with pytest.raises(NotAllowed):
        check(("Host", "localhost"), ("Sec-Fetch-Site", "cross-site"))


def test_a_fetch_of_our_own_passes() -> None:
    check(("Host", "localhost"), ("Sec-Fetch-Site", "same-origin"))
