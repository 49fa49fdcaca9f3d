"""The wheel, as strangers get it: in a clean environment, with a stranger's plugins beside it."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "plugins" / "example"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def broken_wheel(folder: Path) -> Path:
    """Make the wheel of a plugin that raises when it is imported."""
    wheel = folder / "broken_plugin-1.2-py3-none-any.whl"
    info = "broken_plugin-1.2.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("broken_plugin.py", "raise RuntimeError('half of it is missing')\n")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: broken-plugin\nVersion: 1.2\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", "[bridge.adapters]\nbroken = broken_plugin\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, cwd=ROOT)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the installed command, in a home of its own and away from the checkout."""
    folder = tmp_path_factory.mktemp("clean")
    wheels = folder / "wheels"
    pip("wheel", "--no-deps", "--wheel-dir", wheels, ROOT, EXAMPLE)
    broken_wheel(wheels)
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    pip("--python", python, "install", "--no-compile", *wheels.glob("*.whl"))

    def running(
        *arguments: str, program: Sequence[str] = ("campaign-bridge",)
    ) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        command = [folder / "venv" / "bin" / program[0], *program[1:], *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment,
            check=False,
        )

    return running


def test_a_strangers_plugin_is_there_beside_ours_and_a_broken_one_is_told(run: Run) -> None:
    found = json.loads(run("adapters", "list", "--json").stdout)["adapters"]
    status = {adapter["name"]: adapter for adapter in found}

    assert {name for name, adapter in status.items() if adapter["status"] == "ok"} >= {
        "darkplaces",
        "example",
        "freeciv",
        "idtech3",
        "json",
        "minecraft",
        "source",
    }
    assert status["example"]["origin"] == "bridge-adapter-example"
    assert status["broken"]["status"] != "ok"
    assert "half of it is missing" in status["broken"]["reason"]


def test_the_strangers_adapter_translates(run: Run) -> None:
    sample = EXAMPLE / "tests" / "samples" / "match.in"
    ran = run("translate", "example", str(sample))

    assert ran.returncode == 0, ran.stderr
    assert all(json.loads(line)["player"] for line in ran.stdout.splitlines())
    assert ran.stdout


def test_the_daemons_files_are_in_the_wheel(run: Run, tmp_path: Path) -> None:
    """What is no Python must come along: SQL, templates, schemas."""
    config = tmp_path / "config.toml"
    made = run("--config", str(config), "init")
    told = run("--config", str(config), "check", "--offline", "--json")

    assert made.returncode == 0, made.stderr
    problems = [
        found for found in json.loads(told.stdout)["findings"] if found["level"] == "problem"
    ]
    assert all(found["what"].startswith("campaign ") for found in problems)


def test_the_demos_game_is_in_the_wheel(run: Run) -> None:
    """`demo` starts it by its name."""
    assert run("--help", program=["python", "-m", "sample_game"]).returncode == 0
