"""Durations, sizes, addresses, URLs, timezones: what is taken, what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ByteSize, TypeAdapter, ValidationError

from bridge.settings.kinds import (
    Address,
    BaseUrl,
    Duration,
    SqliteUrl,
    Timezone,
    is_loopback,
    split_address,
)


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refused(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as failure:
        read(kind, value)
    (error,) = failure.value.errors()
    return error["msg"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("500ms", 0.5),
        ("10s", 10),
        ("1.5 s", 1.5),
        ("2m", 120),
        ("2min", 120),
        (" 20h ", 72000),
        ("1d", 86400),
        ("30", 30),
        (30, 30),
        (0.25, 0.25),
    ],
)
def test_a_duration_has_a_unit_or_is_in_seconds(written: object, seconds: float) -> None:
    assert read(Duration, written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "10 parsecs",
        "1h30m",
        "-5s",
        "1e3s",
        "5 S",
        ".5s",
        "P1D",
        "10:00:00",
        "inf",
        "\u0663s",
        True,
        False,
        0,
        "0s",
        "0",
        -1,
        float("inf"),
        float("nan"),
        1e300,
        "9" * 30 + "d",
        "9" * 400,
        None,
        [1],
        {},
        "1ms" * 1000,
    ],
)
def test_what_is_no_duration_above_zero_is_refused(written: object) -> None:
    assert refused(Duration, written)


@given(
    st.one_of(st.text(), st.floats(), st.integers(), st.from_regex(r"[0-9.]+ ?(ms|s|m|min|h|d)?"))
)
def test_whatever_is_written_is_a_duration_or_refused(written: object) -> None:
    try:
        duration = read(Duration, written)
    except ValidationError:
        return

    assert duration > timedelta(0)


class Buffer(BaseModel):
    size: ByteSize


@pytest.mark.parametrize(
    ("written", "size"),
    [(4096, 4096), ("4096", 4096), ("4KiB", 4096), ("4 kB", 4000), ("1MiB", 2**20)],
)
def test_a_size_has_a_unit_or_is_in_bytes(written: object, size: int) -> None:
    assert read(Buffer, {"size": written}).size == size


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:8797", "127.0.0.1", 8797),
        ("[::1]:8797", "::1", 8797),
        ("localhost:0", "localhost", 0),
        ("0.0.0.0:65535", "0.0.0.0", 65535),
    ],
)
def test_an_address_is_host_and_port(address: str, host: str, port: int) -> None:
    assert split_address(address) == (host, port)
    assert read(Address, address) == address


@pytest.mark.parametrize(
    "address", ["", "8797", ":8797", "127.0.0.1", "h:", "h:x", "h:65536", "h:-1"]
)
def test_what_is_no_address_is_refused_with_an_example(address: str) -> None:
    assert "127.0.0.1:8797" in refused(Address, address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"]
)
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "localhost.example.org", "127.0.0.1.nip.io"],
)
def test_nothing_else_is_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://oncade.gg/api", "https://oncade.gg/api"),
        ("https://oncade.gg/api/", "https://oncade.gg/api"),
        ("https://oncade.gg:8443", "https://oncade.gg:8443"),
        ("http://127.0.0.1:8798/api", "http://127.0.0.1:8798/api"),
        ("http://[::1]:8798/api", "http://[::1]:8798/api"),
        ("http://localhost/", "http://localhost"),
    ],
)
def test_a_base_url_is_https_or_on_this_machine(written: str, url: str) -> None:
    assert read(BaseUrl, written) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://oncade.gg/api",
        "http://127.0.0.1.nip.io/api",
        "http://localhost@oncade.gg/api",
        "http://127.0.0.1:80@oncade.gg/api",
        "http://0.0.0.0/api",
        "http://10.0.0.1/api",
    ],
)
def test_plain_http_goes_to_this_machine_only(url: str) -> None:
    assert refused(BaseUrl, url).endswith("use https://")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "oncade.gg/api",
        "ftp://oncade.gg",
        "https://",
        "https:///api",
        "http://[",
        "https://user@oncade.gg",
        "https://user:pw@oncade.gg",
        "https://:pw@oncade.gg",
        "https://@oncade.gg",
        "https://oncade.gg/api?key=1",
        "https://oncade.gg/#x",
        "https://oncade.gg:99999/api",
        "https://oncade.gg:x/api",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    assert refused(BaseUrl, url)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_a_timezone_is_one_of_the_iana_database(name: str) -> None:
    assert read(Timezone, name) == name


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "Europe", "../etc/passwd", "/etc/localtime", "a" * 5000, "a\0b"]
)
def test_what_is_no_timezone_is_refused_with_an_example(name: str) -> None:
    assert "Europe/Berlin" in refused(Timezone, name)


def test_the_machines_own_timezone_is_refused_since_keys_must_not_depend_on_the_machine() -> None:
    assert "Europe/Berlin" in refused(Timezone, "localtime")


@pytest.mark.parametrize("url", ["sqlite:///outbox.db", "sqlite:////var/lib/outbox.db"])
def test_an_outbox_is_a_sqlite_file(url: str) -> None:
    assert read(SqliteUrl, url) == url


@pytest.mark.parametrize("url", ["", "outbox.db", "sqlite:///", "sqlite://", "postgresql://h/db"])
def test_another_outbox_is_refused_with_an_example(url: str) -> None:
    assert "sqlite:////" in refused(SqliteUrl, url)
