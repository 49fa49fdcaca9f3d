"""Takes the frames of log datagrams off: Source's `R` and `S`, GoldSrc's and Xash's `log `.

In: a datagram. Out: the log line in it and the secret it showed. Knows nothing of what lines say.
"""

from bridge import Unwrapped

_CONNECTIONLESS = b"\xff\xff\xff\xff"
#: The longest secret that is looked for; the engine's is a number.
_LONGEST_SECRET = 128


def unwrap(datagram: bytes) -> Unwrapped:
    """Return the line in `datagram`; one in a frame that is not known is passed on as it is."""
    if not datagram.startswith(_CONNECTIONLESS):
        return Unwrapped(datagram)
    framed = datagram[len(_CONNECTIONLESS) :]
    if framed.startswith(b"RL "):
        return Unwrapped(framed[1:])
    if framed.startswith(b"log "):
        return Unwrapped(framed[4:])
    if framed.startswith(b"S"):
        return _with_secret(datagram, framed)
    return Unwrapped(datagram)


def _with_secret(datagram: bytes, framed: bytes) -> Unwrapped:
    """Split `S`, the secret and the line; the secret ends where the first `L ` begins."""
    end = framed.find(b"L ", 1, 1 + _LONGEST_SECRET + 2)
    if end < 0:
        return Unwrapped(datagram)
    return Unwrapped(framed[end:], framed[1:end].decode("utf-8", "replace"))
