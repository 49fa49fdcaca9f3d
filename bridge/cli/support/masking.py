"""What must not leave the machine: secrets are masked, persons become marks.

In: texts and values as they are. Out: the same without a secret; a player is the same mark
throughout one bundle, and another one in the next.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from bridge.settings.models import Settings

MASK: Final = "***"
#: Names that tell a secret, wherever they stand: in options of adapters, in logs, in addresses.
_SECRET: Final = re.compile(r"secret|token|passw|api_?key|credential|private|bearer", re.IGNORECASE)
#: These only name a file, or say how many.
_HARMLESS: Final = re.compile(r"_files?$|^role$|_bytes$", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_BEARER: Final = re.compile(r"(?i)(bearer\s+|[?&](?:token|key|secret)=)[^\s\"'&]+")
_NAMED: Final = re.compile(
    r'("(?:player|user_?ref|peer)"\s*:\s*")((?:[^"\\]|\\.)+)(")', re.IGNORECASE
)
_SHORTEST: Final = 6


class Masker:
    """Knows the secrets of one configuration, and gives persons their marks."""

    def __init__(self, secrets: Iterable[str], salt: bytes) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        self._salt = salt
        self._persons: dict[str, str] = {}

    def person(self, name: str | None) -> str | None:
        """Return the mark of a player or userRef; the namespace stays."""
        if not name:
            return name
        if name not in self._persons:
            digest = hmac.new(self._salt, name.encode("utf-8", "replace"), hashlib.sha256)
            namespace, colon, _ = name.partition(":")
            self._persons[name] = f"{namespace if colon else 'user'}:#{digest.hexdigest()[:12]}"
        return self._persons[name]

    def text(self, text: str) -> str:
        """Return a text without secrets, addresses and the persons that are known."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _BEARER.sub(rf"\g<1>{MASK}", text)
        text = _EMAIL.sub("***@***", text)
        for person, mark in sorted(self._persons.items(), key=lambda one: -len(one[0])):
            text = text.replace(person, mark)
            text = text.replace(json.dumps(person)[1:-1], mark)
        return _NAMED.sub(self._named, self._others(text))

    def _others(self, text: str) -> str:
        """Mark what begins as a player that is known does, and is not known itself."""
        spaces = {name.partition(":")[0] for name in self._persons if ":" in name}
        if not spaces:
            return text
        known = "|".join(map(re.escape, sorted(spaces)))
        pattern = re.compile(rf"(?<![\w:#])(?:{known}):(?!#)[^\s\"',;(){{}}\[\]\\]+")
        return pattern.sub(lambda found: self.person(found[0]) or "", text)

    def _named(self, found: re.Match[str]) -> str:
        """Mark whoever stands where a player stands."""
        name = found[2]
        return found[0] if ":#" in name else f"{found[1]}{self.person(name)}{found[3]}"

    def value(self, value: Any, name: str = "") -> Any:
        """Return a value of the settings, masked where its name tells a secret."""
        if isinstance(value, dict):
            return {key: self.value(each, str(key)) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each, name) for each in value]
        if _SECRET.search(name) and not _HARMLESS.search(name) and value not in (None, True, False):
            return MASK
        return self.text(value) if isinstance(value, str) else value


def secrets_of(settings: Settings) -> Iterator[str]:
    """Yield every secret that the settings lead to, as far as its file can be read."""
    for path in _files(settings):
        try:
            yield path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
    for source in settings.sources:
        yield from _told(source.options)


def _files(settings: Settings) -> Iterator[Path]:
    if settings.http.token_file is not None:
        yield settings.http.token_file
    yield from (token.file for token in settings.tokens)
    for campaign in settings.campaigns:
        yield campaign.api_key_file
        yield from campaign.webhook_secret_files
    yield from (source.token_file for source in settings.sources if source.token_file is not None)


def _told(options: Any, name: str = "") -> Iterator[str]:
    if isinstance(options, dict):
        for key, value in options.items():
            yield from _told(value, str(key))
    elif isinstance(options, list | tuple):
        for value in options:
            yield from _told(value, name)
    elif isinstance(options, str) and _SECRET.search(name):
        yield options
