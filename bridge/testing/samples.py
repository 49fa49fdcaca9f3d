"""Samples of a log, compared with the events that they must give.

In: an adapter's spec and a folder of samples. Out: nothing where they agree, else an
`AssertionError` with the difference. Knows nothing of pytest; any test runner will do.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from bridge.adapters.contract import Adapter, AdapterSpec, RememberingAdapter
from bridge.adapters.preview import FORGOTTEN, Record, translate_lines, translate_whole
from bridge.adapters.registry import build
from bridge.errors import TranslationError
from bridge.players.canonical import canonical_player
from bridge.testing.clock import START

#: Codes of what is never an expectation: the adapter failed, or its memory does.
_FAULTS = {FORGOTTEN, TranslationError.code}


def check_samples(
    adapter: AdapterSpec | Adapter,
    folder: Path,
    *,
    options: Mapping[str, object] | None = None,
    received_at: datetime = START,
    write: bool = False,
) -> None:
    """Compare what the adapter makes of each sample in `folder` with what stands beside it.

    `NAME.in` holds one message a line, `NAME.message` is one message as a whole; beside either
    lies `NAME.events.json`, a list of the records that `campaign-bridge translate` prints. Each
    sample begins with a fresh memory, which is stored and read again after every line; each is
    translated twice and must give the same: an adapter is pure. `options` are those of the
    source; an `Adapter` instead of its spec is taken as it is. With `write`, the expected files
    are written anew: read the difference before you keep them.

    Raises:
        AssertionError: something differs, or a sample or its expectation is missing; the adapter
            raised, took longer than a second, or remembers what doesn't survive a restart.
        SettingsError, AdapterLoadError: the adapter can't be built from `options`.
    """
    spec, built = _built(adapter, options or {})
    wrong = []
    for sample in _samples(folder):
        made = _records(spec, built, sample, received_at)
        if made != _records(spec, built, sample, received_at):
            wrong.append(f"{sample.name}: a second run gives something else; it must be pure")
        wrong.extend(_faults(sample, made))
        made = [record for record in made if record.get("code") not in _FAULTS]
        expected = sample.with_suffix(".events.json")
        if write:
            expected.write_text(_text(made), encoding="utf-8")
        wrong.extend(_difference(sample, expected, made))
    if wrong:
        raise AssertionError("\n\n".join(wrong))


def _built(
    adapter: AdapterSpec | Adapter, options: Mapping[str, object]
) -> tuple[AdapterSpec, Adapter]:
    if isinstance(adapter, AdapterSpec):
        return adapter, build(adapter, options)
    if isinstance(adapter, RememberingAdapter):
        raise TypeError("give the AdapterSpec of an adapter that remembers: it names the memory")
    if options:
        raise TypeError("options go with an AdapterSpec; this adapter is already built")
    return AdapterSpec("sample", "An adapter under test", lambda _options: adapter), adapter


def _samples(folder: Path) -> list[Path]:
    samples = sorted((*folder.glob("*.in"), *folder.glob("*.message")))
    if not samples:
        raise AssertionError(f"{folder} holds no samples: no *.in and no *.message")
    stems = [sample.stem for sample in samples]
    for expected in sorted(folder.glob("*.events.json")):
        if expected.name.removesuffix(".events.json") not in stems:
            raise AssertionError(f"{expected} belongs to no *.in and no *.message")
    for stem in stems:
        if stems.count(stem) > 1:
            raise AssertionError(f"{folder}: {stem}.in and {stem}.message share one .events.json")
    return samples


def _records(
    spec: AdapterSpec, adapter: Adapter, sample: Path, received_at: datetime
) -> list[Record]:
    read = translate_lines if sample.suffix == ".in" else translate_whole
    made = read(
        spec,
        adapter,
        sample.read_bytes(),
        source="sample",
        received_at=received_at,
        canonical=canonical_player,
    )
    return list(made)


def _faults(sample: Path, made: list[Record]) -> Iterator[str]:
    """Say what no expectation can make right."""
    for record in made:
        if record.get("code") in _FAULTS:
            line = f" line {record['line']}:" if "line" in record else ""
            yield f"{sample.name}:{line} {record['error']}"


def _difference(sample: Path, expected: Path, made: list[Record]) -> Iterator[str]:
    if not expected.exists():
        yield f"{expected.name} is missing; check_samples(…, write=True) writes it"
        return
    try:
        wanted = json.loads(expected.read_text(encoding="utf-8"))
    except ValueError as failure:
        yield f"{expected.name} is not JSON: {failure}"
        return
    if wanted != made:
        lines = difflib.unified_diff(
            _text(wanted).splitlines(), _text(made).splitlines(), expected.name, sample.name, "", ""
        )
        yield "\n".join(line.rstrip("\n") for line in lines)


def _text(records: object) -> str:
    return json.dumps(records, indent=2, ensure_ascii=False) + "\n"
