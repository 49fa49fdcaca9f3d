"""What strangers write: the code of a plugin, and how it gets onto the machine."""

import textwrap
from collections.abc import Callable
from pathlib import Path

Install = Callable[..., str]
Drop = Callable[[str, str], Path]

GOOD = """
    from bridge import Adapter, AdapterSpec, GameEvent, hookimpl

    class Echo(Adapter):
        def translate(self, message):
            return [GameEvent("name:Echo", message.body.decode())]

    @hookimpl
    def bridge_adapters():
        return [AdapterSpec({name!r}, "Says what it hears", Echo)]
"""


def plugin_code(name: str) -> str:
    return textwrap.dedent(GOOD.format(name=name))
