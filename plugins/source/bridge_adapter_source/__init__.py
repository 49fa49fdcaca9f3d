"""Teaches campaign-bridge the logs of GoldSrc, Source and Counter-Strike 2 servers."""

from collections.abc import Iterable

from bridge import AdapterSpec, hookimpl
from bridge_adapter_source.adapter import SourceAdapter
from bridge_adapter_source.frames import unwrap
from bridge_adapter_source.memory import SourceMemory
from bridge_adapter_source.options import SourceOptions
from bridge_adapter_source.posts import HEADERS

SPEC = AdapterSpec(
    "source",
    "Logs of GoldSrc, Source and Counter-Strike 2 servers",
    SourceAdapter,
    options=SourceOptions,
    status=200,
    memory=SourceMemory,
    headers=HEADERS,
    unwrap=unwrap,
)


@hookimpl
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Provide `source`."""
    return [SPEC]
