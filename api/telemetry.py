"""What Prometheus scrapes: what is indexed, how fresh it is, what could not be read, and how jobs went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from .background import Background
from .commands import source_states
from .wiring import Platform

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_JOBS = 200
"""The latest jobs are counted, of those that are kept."""


def metrics(platform: Platform, background: Background | None) -> bytes:
    """The figures of this moment, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(platform, background))
    return generate_latest(registry)


class _Figures:
    """Reads the catalog when it is asked, so that nothing has to be counted along."""

    def __init__(self, platform: Platform, background: Background | None) -> None:
        self._platform = platform
        self._background = background

    def collect(self) -> Iterator[Metric]:
        """All figures."""
        states = source_states(self._platform)
        for name, what, value_of in (
            ("documents", "Documents indexed.", lambda s: s.documents),
            ("chunks", "Chunks indexed.", lambda s: s.chunks),
            (
                "removals_held",
                "Documents gone from their source whose removal waits for confirmation.",
                lambda s: s.held,
            ),
            ("source_failing", "1 where the latest sync failed.", lambda s: int(s.problem is not None)),
            (
                "last_sync_timestamp_seconds",
                "When the source was last in step; 0 never.",
                lambda s: _seconds(s.last_sync),
            ),
        ):
            family = GaugeMetricFamily(f"groundcrew_{name}", what, labels=["source"])
            for state in states:
                family.add_metric([state.name], value_of(state))
            yield family
        quarantined = Counter((entry.source, entry.code) for entry in self._platform.catalog.quarantined())
        family = GaugeMetricFamily(
            "groundcrew_quarantined", "Files or parts that could not be read.", labels=["source", "code"]
        )
        for labels, count in sorted(quarantined.items()):
            family.add_metric(list(labels), count)
        yield family
        family = GaugeMetricFamily("groundcrew_runs", "Runs that are kept.", labels=["status"])
        for status, number in sorted(self._platform.crew_parts.store.counts().items()):
            family.add_metric([status], number)
        yield family
        if self._background is not None:
            jobs = Counter((job.source, job.status) for job in self._background.jobs.list(_JOBS))
            family = GaugeMetricFamily("groundcrew_jobs", "The latest sync jobs.", labels=["source", "status"])
            for labels, count in sorted(jobs.items()):
                family.add_metric(list(labels), count)
            yield family


def _seconds(moment: str | None) -> float:
    return 0.0 if moment is None else datetime.fromisoformat(moment).timestamp()
