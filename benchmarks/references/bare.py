"""The program of `imports`: it imports what such a daemon stands on, and serves /healthz.

In: a port of loopback. Out: answers, until it is killed. It imports nothing of this repository.
"""

import sqlite3
import sys

import pluggy
import pydantic
from aiohttp import web


async def healthy(_: web.Request) -> web.Response:
    """Say that it is there, and of which versions."""
    found = [pluggy.__version__, pydantic.VERSION, sqlite3.sqlite_version]
    return web.json_response({"imported": found})


def main(port: int) -> None:
    """Serve until killed."""
    application = web.Application()
    application.add_routes([web.get("/healthz", healthy)])
    web.run_app(application, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
