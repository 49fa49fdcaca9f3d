"""Games that post and send until they are told to stop, and count what becomes of it.

In: the token's file, the match's name, a line on stdin to stop. Out: one JSON line of counts.
Runs in the machine, so it takes nothing but Python.
"""

import http.client
import json
import socket
import sys
import threading
from collections import Counter
from pathlib import Path

ADDRESS = ("127.0.0.1", 8797)
#: Datagrams that a sender sends a second.
RATE = 100

token, match = Path(sys.argv[1]).read_text().strip(), sys.argv[2]
stop = threading.Event()
counts: Counter[str] = Counter()
lock = threading.Lock()


def count(what: str) -> None:
    with lock:
        counts[what] += 1


def post(connection: http.client.HTTPConnection, name: str, number: int) -> None:
    kind = name[:4]
    body = json.dumps(
        {"player": f"name:{name}", "achievement": "frag", "id": f"{match}/{name}/{number}"}
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/v1/achievements", body, headers)
        answer = connection.getresponse()
        answer.read()
        count(f"{kind}_{answer.status}")
    except (OSError, http.client.HTTPException) as failure:
        count(f"{kind}_{type(failure).__name__}")
        connection.close()


def poster(name: str, keeps: bool) -> None:
    """Post one after the other, over one connection or a new one each time."""
    number = 0
    connection = http.client.HTTPConnection(*ADDRESS, timeout=60)
    while not stop.wait(0.01):
        post(connection, name, number)
        number += 1
        if not keeps:
            connection.close()


def sender(name: str) -> None:
    """Send datagrams at a rate, waiting for nothing."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    number = 0
    while not stop.wait(1 / RATE):
        told = {
            "player": f"name:{name}",
            "achievement": "frag",
            "id": f"{match}/{name}/{number}",
            "token": token,
        }
        sock.sendto(json.dumps(told).encode(), ADDRESS)
        count("udp_sent")
        number += 1


threads = [threading.Thread(target=poster, args=(f"post{n}", False)) for n in range(3)]
threads += [threading.Thread(target=poster, args=(f"keep{n}", True)) for n in range(2)]
threads += [threading.Thread(target=sender, args=(f"udp{n}",)) for n in range(3)]
for thread in threads:
    thread.start()
print("running", flush=True)
sys.stdin.readline()
stop.set()
for thread in threads:
    thread.join()
print(json.dumps(counts), flush=True)
