"""campaign-bridge: carries a game server's achievements to the Oncade Campaigns API, once each.

What a modder imports stands here and in `bridge.testing`; every other module is internal.
"""

from bridge.adapters.contract import Adapter, AdapterSpec, RememberingAdapter, Unwrapped
from bridge.adapters.hookspecs import hookimpl
from bridge.errors import FieldProblem, MessageRejected
from bridge.events import GameEvent, RawMessage

__all__ = [
    "Adapter",
    "AdapterSpec",
    "FieldProblem",
    "GameEvent",
    "MessageRejected",
    "RawMessage",
    "RememberingAdapter",
    "Unwrapped",
    "hookimpl",
]
