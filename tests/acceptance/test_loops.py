"""A daemon on either loop keeps its promises: taken, acknowledged, delivered, ended in order."""

import asyncio
import json
import socket

from tests.acceptance.conftest import PLAYERS, Theatre, effects
from tests.acceptance.load import _post


async def test_what_it_takes_by_either_door_is_paid_and_it_ends_when_told(
    each_loop: str, theatre: Theatre
) -> None:
    player = PLAYERS[0]
    await theatre.link([player])
    theatre.session.headers["Authorization"] = f"Bearer {theatre.stage.secret('token')}"
    url = theatre.stage.bridge_url
    plain = {"player": player, "achievement": "frag", "id": "1"}
    taken = [await _post(theatre.session, url, plain) for _ in range(2)]
    acknowledged = await asyncio.to_thread(
        _sent, theatre, {"player": player, "achievement": "flag_capture", "id": "2", "ack": True}
    )
    theatre.session.headers["Authorization"] = f"Bearer {theatre.stage.secret('operator-token')}"
    await theatre.all_paid(2)
    daemon = (await theatre.status())["daemon"]
    paid = effects(await theatre.ledger())
    await theatre.daemon.stop()

    assert theatre.daemon.process is not None
    assert theatre.daemon.process.returncode == 0
    assert [answer and answer["duplicate"] for answer in taken] == [False, True]
    assert (acknowledged["id"], acknowledged["duplicate"]) == ("2", False)
    user = theatre.refs[player]
    assert paid == {(user, "frag"): 1, (user, "flag_capture"): 1}
    assert daemon["loop"] == each_loop
    last = [json.loads(line) for line in theatre.daemon.log.read_text().splitlines()]
    assert [line["loop"] for line in last if line["action"] == "daemon_running"] == [each_loop]
    assert "daemon_stopping" in [line["action"] for line in last]
    assert not [line for line in last if line["level"] == "error"]


def _sent(theatre: Theatre, message: dict[str, object]) -> dict[str, object]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        body = {"token": theatre.stage.secret("token"), **message}
        sock.sendto(json.dumps(body).encode(), ("127.0.0.1", theatre.stage.udp_port))
        told: dict[str, object] = json.loads(sock.recv(4096))
        return told
