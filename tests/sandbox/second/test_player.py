"""The player's browser: forms, hidden fields, cookies and buttons."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.sandbox.second.player import Player

PAGE = b"""<!doctype html><title>x</title>
<form method="get" action="/search"><input name="q"><button>Search</button></form>
<form method="post" action="decide"><input type="hidden" name="csrf" value="c&amp;1">
<input type="email" name="mail"><input type="checkbox" name="never" value="1">
<button name="verdict" value="no">Decline</button>
<button name="verdict" value="yes">Link <b>my</b> account</button></form>"""


class Site(BaseHTTPRequestHandler):
    """Shows the page with a cookie, and answers a form with what came of it."""

    def do_GET(self) -> None:
        self._say(200, PAGE)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = [self.path, body, *(self.headers[name] for name in ("Cookie", "Origin"))]
        self._say(410, "|".join(said).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "seen=1; Path=/; HttpOnly; SameSite=Strict")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_player_fills_the_form_of_the_button_in_and_presses_it(site: str) -> None:
    player = Player()

    page = player.press(player.open(f"{site}/link/page"), "link my", "a@example.com")

    assert page.status == 410
    assert page.html.split("|") == [
        "/link/decide",
        "csrf=c%261&mail=a%40example.com&verdict=yes",
        "seen=1",
        site,
    ]


def test_a_button_that_is_not_there_fails_the_test(site: str) -> None:
    player = Player()

    with pytest.raises(AssertionError, match="no button says"):
        player.press(player.open(site), "withdraw")
