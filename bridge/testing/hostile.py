"""A hostile world for an adapter: names that imitate a log, and logs that were damaged.

In: lines of the log, and a seed. Out: names, and variants of the lines, the same for the same
seed. Knows nothing of adapters: what must come out of them is the test's own knowledge.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

#: The most characters of a name, as `hostile_names` makes it.
LONGEST = 300

_DELIMITERS = "<>[](){}:;\"'\\|=,/!%$#@&*~`^?.-_+ \t"
#: Whole names that have broken a parser somewhere; each is a way of its own to be odd.
_ODD = (
    " ", "\t", "   ", "\u00a0", "\u3000", "\u200b", "\u200d", "\ufeff", "\u2800", ".", "-", "_",
    "0", "-1", "null", "None", "true", "NaN", "world", "Console", "BOT", "ID_BOT", "Server",
    "^1red^7", "^4Zoe^7  Q ^7", "^^11", "§aGreen§r", "§k§", "\x1b[31mred\x1b[0m",
    "\x1b]0;owned\x07", "\x07", "\x01\x02\x03", "\x7f", "\x85next", "\u2028line", "\u2029par",
    "\x0bvt", "\x0cff", "\x1cfs", "\u202egnp.exe", "\u2066iso\u2069", "\u05d0\u05d1\u05d2",
    "\u0645\u0631\u062d\u0628\u0627", "e\u0301", "\u00e9",
    "Z\u0335\u0321\u0322a\u0336lgo", "ﬃ", "Ⅷ",
    "\u0130i\u0307\u0131I", "ẞß", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f4\U000e0067",
    "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\uff11\uff12\uff13", "\u0663", "a\u0308" * 20,
    '"', '""', '"""',
    "'", "''", "\\", "\\\\", '\\"', "\\n", "\\u0022", "%s%n", "%00", "{0}", "${x}", "$(x)",
    "<>", "<0>", "<<>>", "x<9><STEAM_0:0:1><y>", "x<9><[U:1:1]><CT>", "<1><BOT><>", "a killed b",
    'a" killed "b', "] [", "[INFO]:", "name=x", "player=x name=y", '","id":"', '{"a":1}', "]}",
    "steam:76561198000000001", "name:Alice", "../../x", "a:b:c", ":", "::", "0:0:x", "| |", ";--",
    "&lt;", "\ud55c\uad6d\uc5b4", "日本語", "Ж" * 32,
)  # fmt: skip

#: Bytes that are no UTF-8: stray and missing continuations, overlong forms, a lone surrogate,
#: what other encodings write, names that an engine cut within a character.
_INVALID = (
    b"Zo\xab_\x90", b"\xff", b"\xfe\xff", b"\x80", b"\xbf\xbf", b"caf\xe9", b"Fran\xe7ois",
    b"\xc3", b"x\xe2\x82", b"\xf0\x9f\x98", b"\xc0\x80", b"\xc0\xaf", b"\xe0\x80\xaf",
    b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x93x\x94",
)  # fmt: skip


def hostile_names(count: int, *, seed: int = 0, lines: Iterable[str | bytes] = ()) -> Iterator[str]:
    """Yield `count` names as a hostile player would choose them; the same ones for one `seed`.

    `lines` are lines of your engine's log. The names begin with each of them as it is and with a
    list of odd ones; what follows is made of pieces of `lines`, delimiters with invented ids,
    colour codes, escape sequences, nested quotes, scripts from right to left, joiners, blanks. A
    name has 1 to 300 characters, can be encoded as UTF-8, and holds no line end and no NUL.
    """
    given = [_name(line) for line in lines]
    return islice(chain(given, _ODD, _mixed(random.Random(seed), given)), count)  # noqa: S311


def hostile_bytes(
    count: int, *, seed: int = 0, lines: Iterable[str | bytes] = ()
) -> Iterator[bytes]:
    """Yield `count` names as bytes: every second one is no UTF-8, else as `hostile_names`.

    They hold no line end and no NUL.
    """
    chance = random.Random(f"bytes {seed}")  # noqa: S311  # no secret is made of it
    for number, name in enumerate(hostile_names(count, seed=seed, lines=lines)):
        yield _broken(name.encode(), chance) if number % 2 else name.encode()


def damaged(
    lines: Sequence[bytes], *, seed: int = 0, count: int = 1000, cut: int = 50
) -> Iterator[list[bytes]]:
    """Yield variants of `lines` as disks, networks and crashes leave them; one `seed`, one order.

    First lines cut short at each of their bytes, the others as they are: `cut` lines at most,
    picked by `seed` where there are more, since each variant is as long as the log. Then `count`
    more with one to three damages each: lines swapped, shuffled, repeated, in bursts, left out,
    grown together, without their beginning, with CR, NULs, blank lines or wrong bytes. The lines
    are without line ends and stay so.
    """
    picked = random.Random(f"cut {seed}").sample(  # noqa: S311  # no secret is made of it
        range(len(lines)), min(cut, len(lines))
    )
    for place in sorted(picked):
        line = lines[place]
        for length in range(len(line)):
            yield [*lines[:place], line[:length], *lines[place + 1 :]]
    chance = random.Random(seed)  # noqa: S311  # no secret is made of it
    for _ in range(count):
        variant = list(lines)
        for damage in chance.choices(_DAMAGES, k=chance.randint(1, 3)):
            variant = damage(variant, chance) if variant else variant
        yield variant


# -- names ----------------------------------------------------------------------------------


def _name(text: str | bytes) -> str:
    """Make `text` a name: no broken text, no line end, neither empty nor too long."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.translate({0: None, 10: " ", 13: " "})[:LONGEST] or " "


def _mixed(chance: random.Random, lines: Sequence[str]) -> Iterator[str]:
    """Yield names without end, each put together of one to six pieces."""
    while True:
        pieces = [_piece(chance, lines) for _ in range(chance.choice((1, 2, 2, 3, 4, 6)))]
        joint = chance.choice(("", "", " ", chance.choice(_DELIMITERS)))
        name = joint.join(pieces)
        if chance.random() < 0.03:
            name *= LONGEST
        yield _name(name)


def _piece(chance: random.Random, lines: Sequence[str]) -> str:
    kind = chance.randrange(8)
    if kind <= 2 and lines:
        return _cutting(chance, chance.choice(lines))
    if kind == 3:
        return "".join(chance.choices(_DELIMITERS, k=chance.randint(1, 8)))
    if kind == 4:
        return _fake_id(chance)
    if kind == 5:
        return _wrapped(chance, _cutting(chance, chance.choice((*lines, *_ODD))))
    if kind == 6:
        return "".join(chr(_letter(chance)) for _ in range(chance.randint(1, 12)))
    return chance.choice(_ODD)


def _cutting(chance: random.Random, text: str) -> str:
    """Cut a piece out of `text`: its end, its beginning, or some of its middle."""
    start, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
    return chance.choice((text, text[start:], text[:end], text[start:end]))


def _fake_id(chance: random.Random) -> str:
    number = chance.randrange(1, 10 ** chance.randint(1, 10))
    return chance.choice((
        f"<{number}>", f"<{number}><STEAM_1:1:{number}><CT>", f"<{number}><[U:1:{number}]><>",
        f"steam:{76561197960265728 + number}", f"[{number}]", f"({number})", f" #{number}",
        f"{number}:{number}:", f"id={number}", f'" id="{number}', f"\\id\\{number:032X}",
        f"{number:08x}-0000-4000-8000-000000000000", f"/127.0.0.1:{number % 65536}",
        f"{number % 24:02}:00:00",
    ))  # fmt: skip


def _wrapped(chance: random.Random, text: str) -> str:
    pair = chance.choice(('""', "''", "<>", "[]", "()", "{}", "``", "«»", "“”", "||", "\\\\", "§§"))
    before, after = pair[0], pair[1]
    colour = chance.choice(("", "", f"^{chance.randrange(10)}", "§a", "\x1b[1;32m"))
    return f"{colour}{before * chance.randint(1, 2)}{text}{after}"


def _letter(chance: random.Random) -> int:
    """Pick a character out of all of them but the surrogates, mostly out of the low ones."""
    code = chance.randrange(1, chance.choice((0x80, 0x250, 0x3000, 0x110000)))
    return code if not 0xD800 <= code <= 0xDFFF else 0x202E


def _broken(name: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(name))
    broken = name[:place] + chance.choice(_INVALID) + name[place:]
    return broken[:LONGEST] if not _is_utf8(broken[:LONGEST]) else b"\xff" + broken[1:LONGEST]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# -- damages --------------------------------------------------------------------------------


def _swap(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    return [*lines[:place], *reversed(lines[place : place + 2]), *lines[place + 2 :]]


def _shuffle(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return chance.sample(lines, len(lines))


def _repeat(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Repeat a run of lines, as a writer does that doesn't know how far it came."""
    start, end = sorted((chance.randrange(len(lines)), chance.randint(1, len(lines))))
    return [*lines[:end], *lines[start:end], *lines[end:]]


def _burst(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    return [*lines[:place], *[lines[place]] * chance.randint(2, 60), *lines[place + 1 :]]


def _drop(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    return [*lines[:place], *lines[place + chance.randint(1, 3) :]]


def _glue(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Let a line that was cut short run into the next one."""
    place = chance.randrange(len(lines))
    half = lines[place][: chance.randint(0, len(lines[place]))]
    return [*lines[:place], half + b"".join(lines[place + 1 : place + 2]), *lines[place + 2 :]]


def _behead(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return _with_one(lines, chance, lambda line: line[chance.randint(0, len(line)) :])


def _carriage_returns(lines: list[bytes], chance: random.Random) -> list[bytes]:
    if chance.random() < 0.5:
        return [line + b"\r" for line in lines]
    return _with_one(lines, chance, lambda line: line + b"\r")


def _nuls(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Put NULs before, after or within a line: what a power cut leaves in a file."""

    def with_nuls(line: bytes) -> bytes:
        place = chance.choice((0, len(line), chance.randint(0, len(line))))
        return line[:place] + b"\0" * chance.choice((1, 3, 512)) + line[place:]

    return _with_one(lines, chance, with_nuls)


def _blank(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randint(0, len(lines))
    return [*lines[:place], chance.choice((b"", b" ", b"\t", b"\r")), *lines[place:]]


def _wrong_byte(lines: list[bytes], chance: random.Random) -> list[bytes]:
    def with_wrong_byte(line: bytes) -> bytes:
        place = chance.randint(0, len(line))
        wrong = chance.choice((b"\xff", b"\x80", b"\x00", b'"', b"<", b" ", b"\x1b"))
        return line[:place] + wrong + line[place + 1 :]

    return _with_one(lines, chance, with_wrong_byte)


def _with_one(
    lines: list[bytes], chance: random.Random, change: Callable[[bytes], bytes]
) -> list[bytes]:
    place = chance.randrange(len(lines))
    return [*lines[:place], change(lines[place]), *lines[place + 1 :]]


_DAMAGES = (
    _swap,
    _shuffle,
    _repeat,
    _burst,
    _drop,
    _glue,
    _behead,
    _carriage_returns,
    _nuls,
    _blank,
    _wrong_byte,
)
