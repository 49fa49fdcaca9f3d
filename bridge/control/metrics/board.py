"""What numbers there are, and one moment's values of them.

In: families that rooms declare, values. Out: the text that Prometheus reads. A value without its
family, or with other labels, is a mistake and raises.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bridge.record import record
from bridge.timing import Histogram

PREFIX: Final = "campaign_bridge_"


class Kind(StrEnum):
    """What a number is; those that only rise start at 0 with the daemon."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@record
class Family:
    """A metric. `short` is its name without the prefix, and without the `_total` of counters."""

    short: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that is asked for in Prometheus; a histogram's ends in `_bucket` and so on."""
        return f"{PREFIX}{self.short}{'_total' if self.kind is Kind.COUNTER else ''}"


def gauge(short: str, meaning: str, *labels: str) -> Family:
    """Declare a number that rises and falls."""
    return Family(short, Kind.GAUGE, meaning, labels)


def counter(short: str, meaning: str, *labels: str) -> Family:
    """Declare a number that only rises, until the daemon starts anew."""
    return Family(short, Kind.COUNTER, meaning, labels)


def histogram(short: str, meaning: str, *labels: str) -> Family:
    """Declare how long something takes."""
    return Family(short, Kind.HISTOGRAM, meaning, labels)


class Board(CollectorRegistry):
    """One moment's numbers, to be rendered by `generate_latest`."""

    def __init__(self, families: Sequence[Family]) -> None:
        super().__init__()
        self._families = {family.short: family for family in families}
        self._made: dict[str, Metric] = {family.short: _made(family) for family in families}
        self._others: list[Collector] = []

    def set(self, short: str, value: float | None, **labels: str) -> None:
        """Set a gauge or counter; None where nobody knows the value now."""
        if value is not None:
            made = self._made[short]
            if not isinstance(made, GaugeMetricFamily | CounterMetricFamily):
                raise TypeError(f"{short} is a histogram")
            made.add_metric(self._values(short, labels), float(value))

    def took(self, short: str, times: Histogram, **labels: str) -> None:
        """Set a histogram."""
        made = self._made[short]
        if not isinstance(made, HistogramMetricFamily):
            raise TypeError(f"{short} is no histogram")
        made.add_metric(self._values(short, labels), times.cumulative(), times.sum)

    def add(self, other: Collector) -> None:
        """Add numbers that a library collects by itself."""
        self._others.append(other)

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have values."""
        yield from (made for made in self._made.values() if made.samples)
        for other in self._others:
            yield from other.collect()

    def _values(self, short: str, labels: dict[str, str]) -> list[str]:
        named = self._families[short].labels
        if set(labels) != set(named):
            raise ValueError(f"{short} has the labels {named}, not {tuple(labels)}")
        return [labels[name] for name in named]


def _made(family: Family) -> Metric:
    name, labels = f"{PREFIX}{family.short}", family.labels
    match family.kind:
        case Kind.GAUGE:
            return GaugeMetricFamily(name, family.meaning, labels=labels)
        case Kind.COUNTER:
            return CounterMetricFamily(name, family.meaning, labels=labels)
        case Kind.HISTOGRAM:
            return HistogramMetricFamily(name, family.meaning, labels=labels)
