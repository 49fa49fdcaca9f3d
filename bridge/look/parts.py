"""The page that shows every part of the design system as it looks, with its source.

In: an environment. Out: one page. Knows nothing of the pages that are made of the parts.

Each example is a template of `templates/look/examples`; what is shown and what is printed as its
source are the same file.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import jinja2
from aiohttp import web
from markupsafe import Markup

from bridge.look.page import render
from bridge.look.plot import Series, plot
from bridge.record import record

EXAMPLES: Final = (
    ("headings", "Headings, the way here, tabs"),
    ("facts", "Cards, figures and facts"),
    ("badges", "States"),
    ("tables", "Tables and pages"),
    ("nothing", "Nothing yet"),
    ("notices", "Notices"),
    ("forms", "Forms"),
    ("buttons", "Buttons and questions"),
    ("secrets", "Secrets"),
    ("progress", "What runs, and how far"),
    ("timeline", "What happened"),
    ("plots", "Plots"),
    ("listings", "Listings"),
    ("hostile", "What strangers write"),
)

_IMPORT: Final = '{% import "look/parts.html" as look %}\n'
_START: Final = datetime(2026, 11, 9, tzinfo=UTC)
_A_DAY: Final = (3, 5, 4, 9, 14, 12, 7, 8, 11, 16, 21, 19, 13, 17)


@record
class Example:
    """One part as it looks and as it is written."""

    name: str
    title: str
    shown: Markup
    source: str


def parts_page(environment: jinja2.Environment) -> web.Response:
    """Answer with every part, made of the same sample values each time."""
    samples = _samples()
    made = [_example(environment, name, title, samples) for name, title in EXAMPLES]
    return render(
        environment,
        "look/parts_page.html",
        examples=made,
        product="Design system",
        home="#main",
        marker="Sample",
        sections=[("Parts", "#main", True), ("Plots", "#example-plots", False)],
        flash=[("good", "This is where a form's outcome is told.")],
    )


def _example(
    environment: jinja2.Environment, name: str, title: str, samples: dict[str, object]
) -> Example:
    loader = environment.loader or jinja2.DictLoader({})
    source, _, _ = loader.get_source(environment, f"look/examples/{name}.html")
    shown = environment.from_string(_IMPORT + source).render(samples)
    # Our own template, escaped as it was rendered.
    return Example(name, title, Markup(shown), source)  # noqa: S704 - see above


def _samples() -> dict[str, object]:
    return {
        "paid": Decimal("4453.25"),
        "created": _START + timedelta(hours=9, minutes=41),
        "users": _users(),
        "bars": _payouts_a_day(),
        "steps": _paid_out(),
        "lines": _latency(),
        "blank": plot([], title="Payouts a day", identity="blank"),
        "body": '{\n  "event": "Campaign.Started",\n  "data": {"campaignId": "cmp_8f14"}\n}\n',
        "hostile": _hostile(),
    }


def _users() -> list[dict[str, object]]:
    told = (("usr_abc123", "Linked", "good", "120.50"), ("usr_x", "Pending", "busy", "0"))
    more = (
        ("link_usr_9", "Declined", "neutral", "0"),
        ("usr_9f", "Removed", "warning", "0.000001"),
    )
    return [
        {"ref": ref, "word": word, "tone": tone, "paid": Decimal(paid), "linked": _START}
        for ref, word, tone, paid in (*told, *more)
    ]


def _days() -> list[datetime]:
    return [_START + timedelta(days=number) for number in range(len(_A_DAY))]


def _payouts_a_day() -> object:
    first = Series("First blood", list(zip(_days(), _A_DAY, strict=True)))
    second = Series("Quest", list(zip(_days(), reversed(_A_DAY), strict=True)))
    return plot([first, second], title="Payouts a day", kind="bars", identity="bars")


def _paid_out() -> object:
    total = Decimal(0)
    points = []
    for at, payouts in zip(_days(), _A_DAY, strict=True):
        total += payouts * Decimal("2.5")
        points.append((at, total))
    return plot(
        [Series("Paid out", points)], title="Paid out", kind="step", unit="USDC", identity="steps"
    )


def _latency() -> object:
    middle = [(at, 0.1 + payouts / 100) for at, payouts in zip(_days(), _A_DAY, strict=True)]
    slow = [(at, round(value * 2.2, 3)) for at, value in middle]
    return plot(
        [Series("Half of them", middle), Series("99 of 100", slow)],
        title="Seconds until a payout is confirmed",
        identity="lines",
    )


def _hostile() -> dict[str, str]:
    return {
        "name": "</h1><script>alert(1)</script>",
        "script": '"><img src=x onerror=alert(1)>',
        "turned": "safe\u202egpj.exe\u0000\u0007",
        "blank": "\u3164\u200bAlice\u200d",
        "tower": "Z" + "\u0301" * 60 + "algo",
        "long": "W" * 10_000,
    }
