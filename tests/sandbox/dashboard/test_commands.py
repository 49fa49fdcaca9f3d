"""The guide's commands are what a shell takes, whatever an event is called."""

import json
import shlex

import pytest

from bridge.sandbox.dashboard.commands import commands, variables


@pytest.mark.parametrize("code", ["EARN5", "a'; rm -rf ~; '", "$(id)`id`", '"\\\n\u202e', "é"])
def test_a_code_stays_within_its_quotes(code: str) -> None:
    text = commands(code)

    words = shlex.split(text, comments=True)
    bodies = [json.loads(words[n + 1]) for n, word in enumerate(words) if word == "-d"]
    assert {"eventCode": code, "userRef": "usr_abc123"} in bodies
    assert text.isascii()


def test_the_commands_are_the_guides_in_its_order() -> None:
    lines = [line.strip() for line in commands("EARN5").splitlines() if "$HOST" in line]

    assert lines == [
        "$HOST/api/v1/campaign/$CID" + below
        for below in ("", "/start", "/users/link/initiate", "/events", "/stop", "/withdraw")
    ]


def test_no_line_follows_the_one_that_waits_for_the_key() -> None:
    lines = variables("http://127.0.0.1:8798", "cmp_1").splitlines()

    assert lines == [
        "export HOST=http://127.0.0.1:8798",
        "export CID=cmp_1",
        "read -rs CAMPAIGN_KEY",
    ]
