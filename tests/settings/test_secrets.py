"""Secrets come from files, and whatever is wrong with one, the error doesn't hold it."""

import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import SettingsError
from bridge.settings.files import load_settings, read_secret

SECRET = "sk_live_0123456789"


@pytest.mark.parametrize("content", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n", f"  {SECRET}\t\n\n"])
def test_white_space_around_a_secret_does_not_count(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content.encode())

    assert read_secret(path, "API key file") == SECRET


UNUSABLE = [
    b"",
    b" \n",
    f"{SECRET} second".encode(),
    f"{SECRET}\nsecond".encode(),
    f"{SECRET}\0".encode(),
    f"{SECRET}\x1b[2Jx".encode(),
    f"{SECRET}é".encode(),
    b"\xef\xbb\xbf" + SECRET.encode(),
    SECRET.encode() + b"\xff",
    SECRET.encode("utf-16"),
]


@pytest.mark.parametrize("content", UNUSABLE)
def test_what_can_be_no_secret_is_refused_without_being_told(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)

    with pytest.raises(SettingsError) as refused:
        read_secret(path, "API key file")

    told = "".join(traceback.format_exception(refused.value))
    assert f"API key file {path}" in str(refused.value)
    assert refused.value.hint
    assert "sk_live" not in told + refused.value.hint


PIECES = st.text(st.characters(codec="utf-8"), max_size=5)


@given(before=PIECES, after=PIECES)
def test_a_secret_comes_back_whole_or_is_never_told(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "secret-key"
    path.write_text(before + SECRET + after, encoding="utf-8", newline="")

    try:
        read = read_secret(path, "token file")
    except SettingsError as refused:
        read = ""
        told = f"{refused} {refused.hint}"
    else:
        told = ""

    assert read == (before + SECRET + after).strip() or not read
    assert SECRET not in told


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file"), (".", "Is a directory"), ("f/x", "Not a dir")]
)
def test_a_file_that_can_not_be_read_says_why(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "f").touch()

    with pytest.raises(SettingsError, match=reason) as refused:
        read_secret(tmp_path / name, "token file")
    assert "chmod 600" in refused.value.hint


# -- systemd's credentials --------------------------------------------------------------------


def test_a_credential_is_read_from_where_systemd_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "api-key").write_text(f"{SECRET}\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert read_secret(Path("credential:api-key"), "API key") == SECRET


@pytest.mark.parametrize(
    ("folder", "name", "words", "hint"),
    [
        (
            None,
            "api-key",
            "there is no CREDENTIALS_DIRECTORY",
            "campaign-bridge-as-service COMMAND",
        ),
        (".", "api-key", "has no credential 'api-key'", "LoadCredential=api-key:"),
        (".", "../api-key", "names no credential", "credential:NAME"),
        (".", "", "names no credential", "credential:NAME"),
    ],
)
def test_a_credential_that_is_not_there_says_where_it_would_be(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str | None,
    name: str,
    words: str,
    hint: str,
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    if folder is not None:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / folder))

    with pytest.raises(SettingsError, match=words) as refused:
        read_secret(Path(f"credential:{name}"), "API key of campaign c,")
    assert hint in refused.value.hint


def test_an_empty_credential_says_which_file_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "api-key").write_text("\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    with pytest.raises(SettingsError, match=r"API key credential:api-key holds no") as refused:
        read_secret(Path("credential:api-key"), "API key")
    assert str(tmp_path) not in str(refused.value)
    assert "LoadCredential=api-key:" in refused.value.hint
    assert "/etc/campaign-bridge/api-key" in refused.value.hint


def test_every_secret_of_the_settings_may_be_a_credential(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        """
[http]
token_file = "credential:token"
[[tokens]]
role = "read"
file = "credential:reader"
[[campaigns]]
id = "c"
environment = "test"
api_key_file = "credential:key"
webhook_secret_files = ["credential:hook", "hook-2"]
[[sources]]
name = "arena"
adapter = "json"
token_file = "credential:arena"
"""
    )
    settings = load_settings(config)

    assert [
        settings.http.token_file,
        settings.tokens[0].file,
        settings.campaigns[0].api_key_file,
        *settings.campaigns[0].webhook_secret_files,
        settings.sources[0].token_file,
    ] == [
        Path("credential:token"),
        Path("credential:reader"),
        Path("credential:key"),
        Path("credential:hook"),
        tmp_path / "hook-2",
        Path("credential:arena"),
    ]
