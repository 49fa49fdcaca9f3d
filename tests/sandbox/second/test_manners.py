"""The second client itself: what its two manners put on the wire."""

import socket
import threading

import pytest

from tests.sandbox.second.client import Client, Manner

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def written(manner: Manner, verb: str) -> tuple[str, dict[str, str], bytes]:
    """Carry one call out against a bare socket; return its first line, headers and body."""
    taken = bytearray()

    def answer(door: socket.socket) -> None:
        call, _ = door.accept()
        with call:
            while not whole(taken):
                taken.extend(call.recv(65536))
            call.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=answer, args=(door,))
        thread.start()
        host = f"http://127.0.0.1:{door.getsockname()[1]}/api"
        getattr(Client(host, "c1", "k1", manner, lambda: "uuid"), verb)()
        thread.join(10)
    head, _, body = bytes(taken).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


def whole(taken: bytearray) -> bool:
    head, gap, body = bytes(taken).partition(b"\r\n\r\n")
    return bool(gap) and (b"Content-Length: 2" not in head or len(body) == 2)


def test_curl_sends_a_start_without_body_length_or_type() -> None:
    first, headers, body = written(Manner.CURL, "start")

    assert first == "PUT /api/v1/campaign/c1/start HTTP/1.1"
    assert set(headers) == {
        "Host",
        "Authorization",
        "X-Oncade-API-Version",
        "X-Campaign-Id",
        "Idempotency-Key",
    }
    assert headers["Idempotency-Key"] == "start-uuid"
    assert body == b""


def test_the_library_sends_a_start_with_an_empty_object() -> None:
    _, headers, body = written(Manner.LIBRARY, "start")

    assert (headers["Content-Type"], headers["Content-Length"]) == ("application/json", "2")
    assert body == b"{}"


@pytest.mark.parametrize("manner", list(Manner))
def test_only_the_library_sends_a_type_with_a_get(manner: Manner) -> None:
    _, headers, body = written(manner, "details")

    assert ("Content-Type" in headers) is (manner is Manner.LIBRARY)
    assert body == b""
