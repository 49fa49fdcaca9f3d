"""The gate in front of every HTTP call: refusals explained, browsers kept out, roles found.

In: requests. Out: requests with a role, or problem documents. Knows nothing of what the calls do.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from aiohttp import web
from aiohttp.http import HttpVersion11
from aiohttp.typedefs import Middleware
from multidict import CIMultiDictProxy

from bridge.errors import BridgeError, NotAllowed, NotAuthenticated
from bridge.gate.origin import Hosts
from bridge.gate.peers import Peers
from bridge.gate.problems import problem_response, status_of
from bridge.gate.roles import Right, Role
from bridge.gate.tokens import Tokens
from bridge.settings.kinds import is_loopback, split_address
from bridge.settings.models import HttpSettings, TokenSettings, UdpSettings
from bridge.settings.sources import SourceSettings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Where a request carries the role of its caller; absent where nobody is known.
ROLE = web.RequestKey("role", Role)

_log = structlog.get_logger(__name__)


class Gate:
    """Who may come in, replaceable while the daemon runs."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        peers: Peers | None = None,
        hosts: Hosts | None = None,
        unsafe_no_token: bool = False,
    ) -> None:
        self._tokens = tokens
        self.peers = peers or Peers()
        self.hosts = hosts or Hosts()
        self._unsafe_no_token = unsafe_no_token

    @classmethod
    def load(
        cls,
        http: HttpSettings,
        tokens: Sequence[TokenSettings],
        udp: UdpSettings,
        sources: Sequence[SourceSettings] = (),
    ) -> "Gate":
        """Build the gate that the settings describe.

        Raises:
            SettingsError: as of `Tokens.load` and `Peers.load`.
        """
        own = [split_address(http.listen)[0]] if http.listen else []
        return cls(
            Tokens.load(http, tokens, udp, sources),
            peers=Peers.load(http.allowed_groups),
            hosts=Hosts.of([*http.allowed_hosts, *own]),
            unsafe_no_token=http.unsafe_no_token,
        )

    @property
    def tokens(self) -> Tokens:
        """The tokens that are let in."""
        return self._tokens

    def replace(self, tokens: Tokens) -> None:
        """Let these tokens in from now on, and no others."""
        self._tokens = tokens

    def role_of(self, token: str | None, *, local: Callable[[], bool]) -> Role | None:
        """Return what a caller may do who shows `token`, or shows none.

        `local` tells whether only this machine can have made the call. Without a token a caller
        is a game at most, and only where the settings say `unsafe_no_token`; an unknown token is
        refused as long as any is known.
        """
        if token is not None and not self._tokens.empty:
            return self._tokens.role_of(token)
        return Role.GAME if self._unsafe_no_token and local() else None

    def opens(self, token: str, source: str) -> bool:
        """Return whether `token` is bound to `source`, or is its own."""
        return self._tokens.opens(token, source)

    def may_post(self, request: web.Request, source: str) -> None:
        """Let through who may post messages of `source`: by a token that posts, or one bound to it.

        Engines that can't send headers may show theirs as `?token=`.

        Raises:
            NotAuthenticated: nobody known is calling.
            NotAllowed: the caller is known and may not.
        """
        token = _bearer(request.headers) or request.query.get("token")
        if token is not None and self._tokens.opens(token, source):
            return
        role = request.get(ROLE)
        if role is None and "token" in request.query:
            role = self._tokens.role_of(request.query["token"])
        if role is None:
            raise NotAuthenticated
        if not role.may(Right.POST):
            raise NotAllowed(f"role {role} may not do this")

    def role_of_request(self, request: web.Request) -> Role | None:
        """Return what the caller of `request` may do: by its token, else as a unix peer."""
        token = _bearer(request.headers)
        address = request.get_extra_info("sockname")
        if isinstance(address, tuple):
            return self.role_of(token, local=lambda: is_loopback(address[0]))
        if token is not None and not self._tokens.empty:
            return self._tokens.role_of(token)
        peer = request.get_extra_info("socket")
        return None if peer is None else self.peers.role_of(peer)

    def admit(self, headers: CIMultiDictProxy[str], came_to: str) -> Role | None:
        """Return what the caller may do who calls an address of ours by HTTP/1.1, over TCP.

        Raises:
            NotAllowed, HTTPBadRequest: as of `Hosts.check`.
        """
        self.hosts.check(headers, came_to, nameless=False)
        return self.role_of(_bearer(headers), local=lambda: is_loopback(came_to))


def middlewares(gate: Gate) -> list[Middleware]:
    """Return what stands before every handler, outermost first."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        _check_origin(gate.hosts, request)
        role = gate.role_of_request(request)
        if role is not None:
            request[ROLE] = role
        return await handler(request)

    return [problems, guard]


def require(right: Right) -> Callable[[Handler], Handler]:
    """Let only callers with `right` through to a handler.

    The handler made so raises:
        NotAuthenticated: nobody known is calling.
        NotAllowed: the caller is known and may not.
    """

    def wrap(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            role = request.get(ROLE)
            if role is None:
                raise NotAuthenticated
            if not role.may(right):
                raise NotAllowed(f"role {role} may not do this")
            return await handler(request)

        return guarded

    return wrap


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal and every failure with a problem document."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        return problem_response(refusal)
    except (ConnectionError, web.RequestPayloadError):
        # The body broke off or its framing is wrong; often nobody is left to read this.
        return problem_response(web.HTTPBadRequest(reason="The body is cut or badly framed."))
    except Exception as failure:  # noqa: BLE001  # nothing may reach a caller as a traceback
        tell(failure, request.method, request.path)
        return problem_response(failure)


def tell(failure: Exception, method: str, path: str) -> None:
    """Log why a call failed, where that is nothing that its caller could mend.

    `path` is without the query, which may hold a secret.
    """
    if not isinstance(failure, BridgeError):
        _log.error(
            "a call failed unexpectedly",
            action="unexpected_error",
            method=method,
            path=path,
            exc_info=failure,
        )
    elif status_of(failure) == 500:
        _log.error(str(failure), action="call_failed", code=failure.code, path=path)


def _check_origin(hosts: Hosts, request: web.Request) -> None:
    address = request.get_extra_info("sockname")
    tcp = isinstance(address, tuple)
    hosts.check(
        request.headers,
        address[0] if tcp else None,
        nameless=not tcp or request.version < HttpVersion11,
    )


def _bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token shown; "" (which is nobody's) for any other kind of credentials."""
    header = headers.get("Authorization")
    if header is None:
        return None
    if header.startswith("Bearer "):
        return header[7:].strip()
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
