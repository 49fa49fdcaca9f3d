"""Turns what a Minecraft Java server writes into game events: lines of its log, advancement files.

In: one line of the log, or the whole of `world/advancements/<uuid>.json`. Out: advancements and
link codes. Knows nothing of where the files are, nor of payouts.
"""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from bridge import GameEvent, RawMessage, RememberingAdapter
from bridge_adapter_minecraft.files import Achieved, achieved, kept, owner
from bridge_adapter_minecraft.lines import take_apart
from bridge_adapter_minecraft.log import Log
from bridge_adapter_minecraft.memory import MinecraftMemory
from bridge_adapter_minecraft.options import MinecraftOptions
from bridge_adapter_minecraft.players import player
from bridge_adapter_minecraft.times import moment


class MinecraftAdapter(RememberingAdapter[MinecraftMemory]):
    """Reads the log and the advancement files; one name for one advancement, whichever told it."""

    def __init__(self, options: MinecraftOptions) -> None:
        """Keep the options; nothing else may be kept on `self`."""
        self._options = options
        self._zone = None if options.timezone is None else ZoneInfo(options.timezone)

    def translate_with(self, message: RawMessage, memory: MinecraftMemory) -> Iterable[GameEvent]:
        """Return the advancements and the link code that the message tells of."""
        if message.file:
            return self._of_file(message, memory)
        line = take_apart(message.body)
        if line is None:
            return []
        at = moment(line, memory.clock, self._zone, self._options.day)
        return Log(memory, self._options, at).read(line)

    def _of_file(self, message: RawMessage, memory: MinecraftMemory) -> list[GameEvent]:
        """Return what is done in an advancement file and was not told before.

        What was told once is told for ever: neither an empty file nor an advancement that was
        taken back and given again pays twice. Where the log alone is believed the file is noted
        all the same, so that believing it later does not pay the past.
        """
        uuid = owner(message.file)
        if uuid is None:
            return []
        who = player(uuid, offline_mode=self._options.offline_mode)
        told = set(memory.reported)
        new = [one for one in achieved(message.body, message.received_at) if one.name not in told]
        memory.reported.extend(one.name for one in new)
        return [] if self._options.believe == "log" else [_event(who, one) for one in new]

    def redact(self, message: RawMessage) -> bytes:
        """Keep of an advancement file what is done: of hundreds of entries most are recipes."""
        return kept(message.body) if message.file else message.body

    def figures(self, memory: MinecraftMemory) -> Mapping[str, int]:
        """Return who is online by the log, and how often a title was not known."""
        return {
            "players_online": len(memory.online),
            "titles_unknown": memory.titles_unknown,
        }


def _event(who: str, one: Achieved) -> GameEvent:
    return GameEvent(who, one.name, occurred_at=one.at, details=one.details, excerpt=one.excerpt)
