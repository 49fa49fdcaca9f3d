"""Prometheus' own programs, as Debian packages them: promtool, and a server on loopback."""

import shutil
import subprocess

import pytest

APT = "apt-get install prometheus"


def found(name: str) -> str:
    """Return where a program is; a test that needs one fails without it."""
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is missing: {APT}")
    return path


def promtool(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    return subprocess.run(
        [found("promtool"), *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
