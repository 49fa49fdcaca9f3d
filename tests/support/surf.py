"""A browser without eyes: cookies, pages, and forms sent as they stand in the page.

In: the sandbox's address. Out: pages with their forms. Knows nothing of the sandbox's insides.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp

FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Form:
    """One form: where it goes and what it carries before anybody typed."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def value(self, name: str) -> str:
        return next(value for known, value in self.fields if known == name)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None
        self._button: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "form":
            self._form = Form(given["action"])
            self.forms.append(self._form)
        if tag == "textarea":
            self._area = given.get("name", "")
            self._put(self._area, "")
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and self._select:
            self._option(self._select, given)
        if tag == "button":
            self._button = (given.get("name", ""), given.get("value", ""))
        if tag == "input":
            self._input(given)

    def _option(self, select: str, given: Mapping[str, str]) -> None:
        if "selected" in given or not self._has(select):
            self._drop(select)
            self._put(select, given["value"])

    def _input(self, given: Mapping[str, str]) -> None:
        if given.get("type") in {"checkbox", "radio"} and "checked" not in given:
            return
        self._put(given.get("name", ""), given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = None
        if tag == "button":
            self._button = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._area is not None and self._form is not None and self._area:
            name, value = self._form.fields.pop()
            self._form.fields.append((name, value + data.removeprefix("\n")))
        if self._button is not None and self._form is not None and data.strip():
            self._form.buttons.append((*self._button, data.strip()))

    def _put(self, name: str, value: str) -> None:
        if self._form is not None and name:
            self._form.fields.append((name, value))

    def _has(self, name: str) -> bool:
        return self._form is not None and any(name == known for known, _ in self._form.fields)

    def _drop(self, name: str) -> None:
        if self._form is not None:
            self._form.fields[:] = [one for one in self._form.fields if one[0] != name]


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser shows after its redirects: status, address, source, text, forms."""

    status: int
    path: str
    headers: Mapping[str, str]
    html: str
    text: str
    forms: list[Form]
    links: list[str]

    def form(self, ends: str) -> Form:
        """Return the form whose action ends so."""
        found = [form for form in self.forms if urlsplit(form.action).path.endswith(ends)]
        assert found, (ends, [form.action for form in self.forms])
        return found[0]


class Surfer:
    """One browser with its cookies."""

    def __init__(self, root: str, http: aiohttp.ClientSession) -> None:
        self.root = root
        self.http = http

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        return await self._open("GET", path, None, headers)

    async def post(
        self,
        path: str,
        fields: list[tuple[str, str]],
        headers: Mapping[str, str] | None = None,
        *,
        follow: bool = True,
    ) -> Page:
        sent = {"Content-Type": FORM, **(headers or {})}
        return await self._open("POST", path, urlencode(fields).encode(), sent, follow=follow)

    async def send(self, form: Form, press: str = "", **typed: str) -> Page:
        """Fill a form in, press a button by its text, follow where it leads."""
        unknown = set(typed) - {name for name, _ in form.fields}
        assert not unknown, (unknown, form.fields)
        fields = [(name, typed.get(name, value)) for name, value in form.fields]
        pressed = [(name, value) for name, value, text in form.buttons if text == press and name]
        return await self.post(form.action, [*fields, *pressed])

    async def _open(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        *,
        follow: bool = True,
    ) -> Page:
        async with self.http.request(
            method,
            urljoin(self.root, path),
            data=None if body is None else BytesIO(body),
            headers=headers,
            allow_redirects=follow,
            timeout=aiohttp.ClientTimeout(total=20),
        ) as response:
            return read(response, await response.text())


def read(response: aiohttp.ClientResponse, html: str) -> Page:
    """Read a page; the text has its blanks as one."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = " ".join(" ".join(reader.text).split())
    path = response.url.raw_path_qs
    return Page(response.status, path, response.headers, html, text, reader.forms, reader.links)


@asynccontextmanager
async def surfing(root: str) -> AsyncIterator[Surfer]:
    """Open a browser without cookies; addresses are numbers here, so cookies must be taken so."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Surfer(root, http)
