"""The tokens that the settings name, kept as digests.

In: settings and the files they name. Out: the role of a token. Knows nothing of HTTP or UDP; a
token, once read, is in no attribute, message or log.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from hashlib import sha256
from pathlib import Path
from typing import Self

from bridge.errors import SettingsError
from bridge.gate.roles import Role
from bridge.record import record
from bridge.settings.files import read_secret
from bridge.settings.kinds import is_loopback, split_address
from bridge.settings.models import HttpSettings, TokenSettings, UdpSettings
from bridge.settings.sources import SourceSettings


@record
class Tokens:
    """Known tokens; equal ones are one.

    A token that is bound to sources, or a source's own, opens those and nothing else.
    """

    _roles: dict[bytes, Role] = field(default_factory=dict, repr=False)
    _bound: dict[bytes, frozenset[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def load(
        cls,
        http: HttpSettings,
        tokens: Sequence[TokenSettings],
        udp: UdpSettings,
        sources: Sequence[SourceSettings] = (),
    ) -> "Tokens":
        """Read the token files and see to it that no door stands open by mistake.

        Raises:
            SettingsError: a file can't be used; one token has two roles; a door has no token
                without `unsafe_no_token`, or is open to other machines and has none at all.
        """
        loaded = cls.read(_files(http, tokens))
        if loaded.empty:
            _refuse_open_doors(http, udp)
        for path, names in _bound_files(tokens, sources):
            loaded.bind(path, names)
        return loaded

    @classmethod
    def read(cls, files: Iterable[tuple[Path, Role]]) -> Self:
        """Read each file's token.

        Raises:
            SettingsError: a file can't be used, or two hold one token for different roles.
        """
        roles: dict[bytes, Role] = {}
        places: dict[bytes, Path] = {}
        for path, role in files:
            digest = _digest(read_secret(path, "token file"))
            if roles.setdefault(digest, role) is not role:
                raise SettingsError(
                    f"{places[digest]} and {path} hold the same token for different roles",
                    hint="Write a fresh token into one of the two files.",
                )
            places[digest] = path
        return cls(roles)

    def bind(self, path: Path, names: Iterable[str]) -> None:
        """Let the token in a file open these sources.

        Raises:
            SettingsError: the file can't be used, or its token has a role already.
        """
        digest = _digest(read_secret(path, "token file"))
        if digest in self._roles:
            raise SettingsError(
                f"{path} holds a token that stands in [http] or [[tokens]], too",
                hint="Write a fresh one into it: a source's secret must open nothing else.",
            )
        self._bound[digest] = self._bound.get(digest, frozenset()) | set(names)

    @property
    def empty(self) -> bool:
        """Whether no token is known."""
        return not self._roles

    def role_of(self, token: str) -> Role | None:
        """Return what the bearer of `token` may do, or None for an unknown token.

        How long it takes tells of the digest only, and nobody can choose a digest.
        """
        return self._roles.get(_digest(token))

    def opens(self, token: str, source: str) -> bool:
        """Return whether `token` is bound to `source`."""
        return source in self._bound.get(_digest(token), ())


def _digest(token: str) -> bytes:
    # A token comes from outside and may hold halves of surrogate pairs.
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _files(http: HttpSettings, tokens: Sequence[TokenSettings]) -> list[tuple[Path, Role]]:
    short = [(http.token_file, Role.GAME)] if http.token_file is not None else []
    return short + [(token.file, Role(token.role)) for token in tokens if not token.sources]


def _bound_files(
    tokens: Sequence[TokenSettings], sources: Sequence[SourceSettings]
) -> Iterator[tuple[Path, Sequence[str]]]:
    for token in tokens:
        if token.sources:
            yield token.file, token.sources
    for source in sources:
        if source.token_file is not None:
            yield source.token_file, [source.name]


def _refuse_open_doors(http: HttpSettings, udp: UdpSettings) -> None:
    for section, listen in (("http", http.listen), ("udp", udp.listen)):
        if listen is None:
            continue
        if not is_loopback(split_address(listen)[0]):
            raise SettingsError(
                f"[{section}] listen = {listen!r} is open to other machines and has no token",
                hint="Set [http] token_file, or listen on 127.0.0.1.",
            )
        if not http.unsafe_no_token:
            raise SettingsError(
                "no token is set, so anybody on this machine could pay out money",
                hint="Run `campaign-bridge init` to make one, or set [http] token_file.",
            )
