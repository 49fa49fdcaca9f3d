import hashlib
from importlib.resources import files

import pytest
from aiohttp import ClientSession

from bridge.look.assets import HTMX_VERSION, addresses
from tests.look.conftest import Site

NAMES = {"look.css": "text/css", "htmx.min.js": "text/javascript", "icon.svg": "image/svg+xml"}
STATIC = files("bridge.look") / "static"


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
async def test_each_file_is_served_as_what_it_is_and_kept(site: Site, name: str, kind: str) -> None:
    async with ClientSession() as session, session.get(site.url + addresses()(name)) as answer:
        content = await answer.read()

    assert answer.status == 200
    assert answer.content_type == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert content == (STATIC / name).read_bytes()


async def test_a_browser_that_has_a_file_is_not_sent_it_again(site: Site) -> None:
    async with ClientSession() as session:
        async with session.get(f"{site.url}/look/look.css") as first:
            tag = first.headers["ETag"]
        async with session.get(
            f"{site.url}/look/look.css", headers={"If-None-Match": tag}
        ) as second:
            content = await second.read()

    assert first.headers["Cache-Control"] == "no-cache"
    assert second.status == 304
    assert second.headers["ETag"] == tag
    assert content == b""


async def test_an_address_of_another_version_is_asked_for_again(site: Site) -> None:
    address = f"{site.url}/look/look.css?v=older"
    async with ClientSession() as session, session.get(address) as answer:
        pass

    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["htmx.LICENSE", "..%2fassets.py", "nothing.css"])
async def test_nothing_else_is_served(site: Site, name: str) -> None:
    async with ClientSession() as session, session.get(f"{site.url}/look/{name}") as answer:
        pass

    assert answer.status == 404


def test_the_version_in_an_address_is_that_of_the_content() -> None:
    digest = hashlib.sha256((STATIC / "look.css").read_bytes()).hexdigest()

    assert addresses("/deep/look/")("look.css") == f"/deep/look/look.css?v={digest[:16]}"


def test_the_script_is_the_version_that_the_module_names() -> None:
    script = (STATIC / "htmx.min.js").read_text("utf-8")
    licence = (STATIC / "htmx.LICENSE").read_text("utf-8")

    assert f'version:"{HTMX_VERSION}"' in script
    assert f"htmx {HTMX_VERSION} " in licence
    assert "Zero-Clause BSD" in licence


def test_the_style_sheet_fetches_nothing() -> None:
    style = (STATIC / "look.css").read_text("utf-8")

    assert "url(" not in style
    assert "@import" not in style
