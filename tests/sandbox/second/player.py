"""A player with a plain browser: opens a hosted page, fills its form, presses a button.

In: the address of a page. Out: the pages that come. Knows HTML forms and cookies, and nothing of
what the pages are made of.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener


@dataclass(slots=True)
class Form:
    """A form: where it goes, what it holds, and its buttons by what they say."""

    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    emails: list[str] = field(default_factory=list)
    buttons: list[tuple[str, dict[str, str], str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it came."""

    url: str
    status: int
    content_type: str
    html: str

    @property
    def forms(self) -> list[Form]:
        reader = _Reader()
        reader.feed(self.html)
        return reader.forms


class Player:
    """Opens pages and presses buttons; keeps cookies, as a browser does."""

    def __init__(self) -> None:
        cookies = HTTPCookieProcessor(CookieJar())
        self._opener: OpenerDirector = build_opener(ProxyHandler({}), cookies)

    def open(self, url: str) -> Page:
        return self._go(Request(url, headers={"Accept": "text/html"}))

    def press(self, page: Page, says: str, email: str | None = None) -> Page:
        """Fill `email` in and press the button whose text matches `says`."""
        for form in page.forms:
            for words, value, action in form.buttons:
                if re.search(says, words, re.IGNORECASE):
                    return self._submit(page, form, value, action, email)
        raise AssertionError(f"no button says {says!r} on {page.url}: {page.html}")

    def _submit(
        self, page: Page, form: Form, value: dict[str, str], action: str, email: str | None
    ) -> Page:
        typed = dict.fromkeys(form.emails, email) if email else {}
        data = urlencode({**form.fields, **typed, **value})
        target = urljoin(page.url, action or form.action or page.url)
        if form.method != "post":
            return self._go(Request(f"{target}?{data}"))
        to = urlsplit(page.url)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{to.scheme}://{to.netloc}",
            "Referer": page.url,
            "Accept": "text/html",
        }
        return self._go(Request(target, data.encode(), headers, method="POST"))

    def _go(self, request: Request) -> Page:
        try:
            response = self._opener.open(request, timeout=20)
        except HTTPError as answered:
            response = answered
        with response:
            kind = response.headers.get_content_type()
            return Page(response.url, response.status, kind, response.read().decode())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._button: tuple[dict[str, str], str] | None = None
        self._words = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = True
            self.forms.append(Form(had.get("action", ""), had.get("method", "get").lower()))
        elif self._inside and tag == "input":
            self._input(self.forms[-1], had)
        elif self._inside and tag == "button" and had.get("type", "submit") == "submit":
            value = {had["name"]: had.get("value", "")} if had.get("name") else {}
            self._button, self._words = (value, had.get("formaction", "")), ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None:
            value, action = self._button
            self.forms[-1].buttons.append((self._words, value, action))
            self._button = None
        elif tag == "form":
            self._inside = False

    def handle_data(self, data: str) -> None:
        self._words += data

    @staticmethod
    def _input(form: Form, had: dict[str, str]) -> None:
        kind, name = had.get("type", "text"), had.get("name", "")
        if kind == "submit":
            value = {name: had.get("value", "")} if name else {}
            form.buttons.append((had.get("value", ""), value, had.get("formaction", "")))
        elif name and (kind not in {"checkbox", "radio"} or "checked" in had):
            form.fields[name] = had.get("value", "")
            if kind == "email" or name == "email":
                form.emails.append(name)
