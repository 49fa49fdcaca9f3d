"""Who is at the other end of a unix socket."""

import grp
import os
import pwd
import socket
import subprocess
import sys

import pytest

from bridge.errors import SettingsError
from bridge.gate.peers import Peers
from bridge.gate.roles import Role

NOBODY = 65_534
CONNECT = """
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
    other.connect("\\0" + sys.argv[1])
    other.recv(1)
"""


def test_the_daemons_own_user_is_an_operator() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        assert Peers().role_of(here) is Role.OPERATOR


def test_root_is_an_operator_and_a_stranger_is_nobody() -> None:
    assert Peers().role_of_user(0, 0) is Role.OPERATOR
    assert Peers().role_of_user(os.geteuid() + 4711, 4711) is None


def test_a_member_of_an_allowed_group_is_a_game() -> None:
    assert Peers((4711,)).role_of_user(os.geteuid() + 4711, 4711) is Role.GAME


def test_a_group_that_a_user_has_besides_its_first_counts() -> None:
    found = [
        (group.gr_gid, pwd.getpwnam(member))
        for group in grp.getgrall()
        for member in group.gr_mem
        if member in {user.pw_name for user in pwd.getpwall()}
    ]
    strangers = [(gid, user) for gid, user in found if user.pw_uid not in {0, os.geteuid()}]
    if not strangers:
        pytest.skip("this machine has no user with a second group")
    gid, user = strangers[0]

    assert Peers((gid,)).role_of_user(user.pw_uid, user.pw_gid) is Role.GAME


def test_a_group_is_found_by_its_name() -> None:
    name = grp.getgrgid(os.getegid()).gr_name

    assert Peers.load([name]) == Peers((os.getegid(),))


def test_an_unknown_group_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="no-such-group"):
        Peers.load(["no-such-group"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_is_known_by_what_the_kernel_says() -> None:
    address = f"\0campaign-bridge-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.settimeout(10)
        listener.bind(address)
        listener.listen()
        call = [sys.executable, "-I", "-c", CONNECT, address[1:]]
        with subprocess.Popen(call):
            connection, _ = listener.accept()
            with connection:
                roles = [Peers().role_of(connection), Peers((NOBODY,)).role_of(connection)]

    assert roles == [None, Role.GAME]
