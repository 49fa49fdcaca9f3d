"""The page docs/performance.md: made of full runs' records and a template with the prose.

In: the newest full runs in build/bench, else those that the page was made of last. Out: the page,
its plots, and the records that they are of in docs/performance. Knows nothing of measuring.

Run as `python -m benchmarks.page`. The prose, and what was learnt, is in `performance.md.in`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import jinja2

from benchmarks import lines, plots, record
from benchmarks.catalog import GOALS, Listed
from benchmarks.contract import Curve
from benchmarks.machine import ROOT
from benchmarks.record import Record

BENCH: Final = ROOT / "build" / "bench"
PAGE: Final = ROOT / "docs" / "performance.md"
TEMPLATE: Final = Path(__file__).with_name("performance.md.in")
#: So many runs make a page.
MOST_RUNS: Final = 3


def newest(folder: Path, goals: Sequence[Listed] = GOALS) -> list[Record]:
    """Return up to three full runs of all `goals`, newest first, of one machine and one commit.

    The newest says which machine and commit. Raises `UnreadableRecord`.
    """
    numbers = {goal.number for goal in goals}
    found: list[Record] = []
    for file in sorted(folder.glob("*-full.json"), reverse=True):
        one = record.read(file)
        whole = numbers <= {result.number for result in one.results}
        if whole and not one.quick and (not found or one.place == found[0].place):
            found.append(one)
    return found[:MOST_RUNS]


def write(bench: Path, page: Path, template: str, goals: Sequence[Listed] = GOALS) -> list[Record]:
    """Make `page` of the newest full runs in `bench`, else of those that it was made of last.

    Its plots and records are in the folder of its name; what was there is replaced. Returns the
    records. Raises `UnreadableRecord`, `Undrawable`.
    """
    folder = page.with_suffix("")
    records = newest(bench, goals) or newest(folder, goals)
    text, drawn = render(records, template), plots.draw(curves(records))
    if records:
        folder.mkdir(exist_ok=True)
        for old in (*folder.glob("*.svg"), *folder.glob("*-full.json")):
            old.unlink()
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg, "utf-8")
    for one in records:
        record.write(one, folder / f"{one.name}.json")
    page.write_text(text, "utf-8")
    return records


def render(records: Sequence[Record], template: str) -> str:
    """Return the page's text; without records it says that none was made yet."""
    made = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  # it makes Markdown, of our own texts
    )
    return made.from_string(template).render(
        runs=records,
        place=records[0].place if records else None,
        headings=lines.HEADINGS,
        lines=lines.lines(records),
        facts=lines.facts(records),
        plots=[(plots.slug(name), plots.axes(name).title) for name in _plots(records)],
        goals=GOALS,
        cell=cell,
    )


def curves(records: Sequence[Record]) -> list[Curve]:
    """Return the curves of the newest run."""
    found = [result.outcome for one in records[:1] for result in one.results if result.outcome]
    return [curve for outcome in found for curve in outcome.curves]


def cell(text: str) -> str:
    """Return a text as one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _plots(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(curve.plot for curve in curves(records)))


@click.command()
def main() -> None:
    """Make docs/performance.md anew, of the newest full runs."""
    try:
        records = write(BENCH, PAGE, TEMPLATE.read_text("utf-8"))
    except (record.UnreadableRecord, plots.Undrawable) as unable:
        raise click.ClickException(str(unable)) from unable
    of = f"of {len(records)} full runs" if records else "without a run: `make bench` makes one"
    click.echo(f"wrote {PAGE.relative_to(ROOT)}, {of}")


if __name__ == "__main__":
    main()
