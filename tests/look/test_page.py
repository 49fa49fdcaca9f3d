import json
import re
from html.parser import HTMLParser
from typing import Any

import jinja2
import pytest

from bridge.look.page import environment, render, see_other
from bridge.look.parts import EXAMPLES, parts_page

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


class Tags(HTMLParser):
    """Every start tag with its attributes, and every id and what refers to one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, attribute: str) -> list[str]:
        return [found[attribute] for _, found in self.tags if attribute in found]


def page_with(body: str, **values: Any) -> str:
    room = jinja2.DictLoader(
        {
            "page.html": '{% extends "look/base.html" %}{% import "look/parts.html" as look %}'
            "{% block title %}Page{% endblock %}{% block main %}" + body + "{% endblock %}"
        }
    )
    answer = render(environment(room), "page.html", **values)
    assert isinstance(answer.body, bytes)
    return answer.body.decode()


@pytest.fixture
def parts(pages: jinja2.Environment) -> str:
    body = parts_page(pages).body
    assert isinstance(body, bytes)
    return body.decode()


def test_a_page_carries_the_headers_that_keep_it_to_itself(pages: jinja2.Environment) -> None:
    answer = render(pages, "job.html", status=422, done=True)

    assert answer.status == 422
    assert answer.content_type == "text/html"
    assert answer.charset == "utf-8"
    assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_redirect_carries_them_too() -> None:
    answer = see_other("/dashboard?page=2")

    assert answer.status == 303
    assert answer.headers["Location"] == "/dashboard?page=2"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example/", "/\\evil", "x"])
def test_a_redirect_never_leaves_the_site(foreign: str) -> None:
    with pytest.raises(ValueError, match="stays on this site"):
        see_other(foreign)


def test_a_name_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        page_with("{{ nobody_gave_this }}")


def test_a_page_without_a_title_is_an_error() -> None:
    room = jinja2.DictLoader({"page.html": '{% extends "look/base.html" %}'})

    with pytest.raises(jinja2.TemplateRuntimeError, match="title"):
        render(environment(room), "page.html")


def test_no_room_can_replace_a_template_of_look() -> None:
    room = jinja2.DictLoader({"look/base.html": "mine", "own.html": "own"})
    made = environment(room)

    assert made.loader
    assert made.loader.get_source(made, "look/base.html")[0] != "mine"
    assert made.get_template("own.html").render() == "own"


def test_a_room_is_named_by_its_package() -> None:
    made = environment("bridge.look")

    assert made.get_template("look/parts.html").render().strip() == ""


def test_half_a_character_costs_no_page() -> None:
    assert "a?b" in page_with("{{ name }}", name="a\ud800b")


def test_what_a_room_says_of_itself_stands_on_the_page() -> None:
    said = page_with(
        "",
        product="Sandbox <1>",
        home="/home",
        marker="pretend money",
        sections=[("Campaigns", "/c", True), ("Webhooks", "/w", False)],
        flash=[("good", "Created <b>")],
        page_csrf='to"ken',
    )
    found = Tags(said)

    assert "<title>Page · Sandbox &lt;1&gt;</title>" in said
    assert "pretend money" in said
    assert "Created &lt;b&gt;" in said
    assert [a for _, a in found.tags if "aria-current" in a] == [
        {"href": "/c", "aria-current": "page"}
    ]
    assert json.loads(found.all("hx-headers")[0]) == {"X-CSRF-Token": 'to"ken'}


def test_a_page_says_nothing_of_what_it_was_not_given() -> None:
    said = page_with("")

    assert "<nav" not in said
    assert "hx-headers" not in said


def test_htmx_is_told_to_evaluate_nothing_and_to_keep_nothing() -> None:
    found = Tags(page_with(""))
    told = json.loads(next(a["content"] for _, a in found.tags if a.get("name") == "htmx-config"))

    assert told["allowEval"] is False
    assert told["allowScriptTags"] is False
    assert told["includeIndicatorStyles"] is False
    assert told["selfRequestsOnly"] is True
    assert told["historyCacheSize"] == 0


# -- the parts ------------------------------------------------------------------------------


def test_the_parts_page_shows_each_example_with_its_source(parts: str) -> None:
    ids = Tags(parts).all("id")

    assert {f"example-{name}" for name, _ in EXAMPLES} <= set(ids)
    assert parts.count('class="listing"') == len(EXAMPLES) + 1


def test_every_part_is_shown_on_the_parts_page(pages: jinja2.Environment) -> None:
    assert pages.loader
    source, _, _ = pages.loader.get_source(pages, "look/parts.html")
    base, _, _ = pages.loader.get_source(pages, "look/base.html")
    macros = set(re.findall(r"macro (\w+)\(", source))
    shown = " ".join(
        pages.loader.get_source(pages, f"look/examples/{name}.html")[0] for name, _ in EXAMPLES
    )
    within = source + base

    unshown = {m for m in macros if f"look.{m}(" not in shown}
    assert {m for m in unshown if not re.search(rf"(?<!macro )\b{m}\(", within)} == set()


def test_no_page_has_a_style_a_script_or_a_handler_of_its_own(parts: str) -> None:
    found = Tags(parts)

    assert found.all("style") == []
    assert [tag for tag, _ in found.tags if tag == "style"] == []
    assert [a["src"] for tag, a in found.tags if tag == "script"] == found.all("src")
    assert [name for _, a in found.tags for name in a if name.startswith("on")] == []


def test_an_id_is_used_once_and_every_reference_has_its_id(parts: str) -> None:
    found = Tags(parts)
    ids = found.all("id")
    referred = {
        one
        for attribute in ("for", "aria-describedby", "aria-labelledby")
        for value in found.all(attribute)
        for one in value.split()
    }

    assert len(ids) == len(set(ids))
    assert referred <= set(ids)


def test_what_strangers_write_is_text(parts: str) -> None:
    assert "<script>alert" not in parts
    assert "onerror=alert(1)>" not in parts
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x07]", parts)
    assert max(len(run) for run in re.findall(r">[^<]*?(W+)", parts)) == 200


def test_a_form_posts_with_its_token() -> None:
    found = Tags(
        page_with('{{ look.confirm("Stop…", "Sure?", "Stop", "/stop", token) }}', token='"><x')
    )

    assert ("input", {"type": "hidden", "name": "csrf", "value": '"><x'}) in found.tags
    assert ("x", {}) not in found.tags


def test_an_error_is_bound_to_its_field() -> None:
    found = Tags(
        page_with('{{ look.field("a", "A", hint="H", error="E", required=True, value="<") }}')
    )
    (made,) = [a for tag, a in found.tags if tag == "input"]

    assert made["aria-describedby"] == "field-a-hint field-a-error"
    assert made["aria-invalid"] == "true"
    assert made["value"] == "<"
    assert "required" in made


def test_several_errors_are_counted_on_top_of_a_form() -> None:
    said = page_with('{{ look.errors([("field-a", "First"), (None, "Second")]) }}')

    assert "2 things need correcting" in said
    assert '<a href="#field-a">First</a>' in said
    assert "<li>Second</li>" in said


def test_a_form_without_errors_says_none() -> None:
    assert "correcting" not in page_with("{{ look.errors([]) }}")


def test_a_table_without_rows_says_so() -> None:
    said = page_with(
        '{% call(row) look.table("T", [("A", "text")], [], empty="No users yet.") %}{% endcall %}'
    )

    assert "No users yet." in said
    assert "<table" not in said


def test_a_text_area_keeps_a_first_empty_line() -> None:
    assert ">\n\nb</textarea>" in page_with('{{ look.area("a", "A", "\\nb") }}')


def test_there_is_a_way_back_from_the_last_page_of_a_list() -> None:
    found = Tags(page_with('{{ look.pages("/p?page=1", None, "51 to 60 of 60") }}'))

    assert found.all("rel")[-1] == "prev"
    assert "next" not in found.all("rel")
