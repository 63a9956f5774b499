"""Monitor: what a workspace's log says of a window, read again a little at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from recsys_core.errors import SettingError
from recsys_core.feedback import FeedbackReader
from recsys_core.models.workspace import Workspace
from recsys_core.monitoring.columns import ItemGroups, watched_column
from recsys_core.monitoring.log_state import LogState
from recsys_core.monitoring.quality import QualityWindow, UserGroups
from recsys_core.monitoring.reference import Reference, load_reference
from recsys_core.monitoring.score_drift import NO_DRIFT, DriftWatch
from recsys_core.monitoring.served_lists import HORIZON_SECONDS, MOST_LISTS
from recsys_core.monitoring.traffic import traffic_point, traffic_points
from recsys_core.results.monitoring import (
    WINDOWS,
    FeedbackPoint,
    FeedbackSummary,
    MonitorReport,
    ScoreDrift,
    TrafficPoint,
)
from recsys_core.results.traffic import Traffic
from recsys_core.versions import Versions

SECONDS = {"hour": 3600.0, "day": 86_400.0}
N_TRAFFIC, N_FEEDBACK, N_QUALITY = 60, 48, 12
ROW_SECONDS = 5.0  # the server writes a row of traffic so often
MINUTE, DAY = 60.0, 86_400.0
RECENT_LISTS = 5_000  # of a log that is read for the first time, drift is looked for in so many


class _Span(NamedTuple):
    """The window that is looked at."""

    start: float
    end: float

    def edges(self, n: int, *, least: float = 0.0) -> np.ndarray:
        """Ends of ``n`` spans of equal length, or of fewer so that none is shorter than ``least`` seconds."""
        most = int((self.end - self.start) / least) if least else n
        return np.linspace(self.start, self.end, int(np.clip(most, 1, n)) + 1)


class Monitor:
    """The log of one workspace, joined as it grows: a report reads only what came since the last one.

    Not for several threads at a time.

    Parameters
    ----------
    workspace
        Whose ``serving/`` folder is read; nothing is written.
    horizon
        Feedback counts that was received within so many seconds of its list.
    most
        Lists that are held, the newest.
    between
        Called between pieces of a long log, so that a server can leave the processor to requests.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        horizon: float = HORIZON_SECONDS,
        most: int = MOST_LISTS,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self.workspace = workspace
        self._split_dataset = workspace.split_dataset
        self._state = LogState(
            FeedbackReader(workspace.path), self._split_dataset, horizon=horizon, most=most, between=between
        )
        self._state.on_lists(self._hear)
        self._users: dict[str, UserGroups] = {}
        self._items: ItemGroups | None = None
        self._watch: DriftWatch | None = None
        self._watched: tuple[int, str] = (0, "")
        self._unheard: list[pd.DataFrame] = []

    def report(
        self,
        *,
        by: str = "",
        window: str = "hour",
        least: int = 20,
        now: float | None = None,
        reference: Reference | None = None,
    ) -> MonitorReport:
        """What the log says of the ``hour`` or ``day`` before ``now``, or of ``all`` that is held.

        Parameters
        ----------
        by
            Column of users that makes the groups; the one that is watched where empty.
        least
            Groups of fewer users are pooled.
        reference
            Scores of the held-out users under what is served; the one that the server kept where None.

        Raises
        ------
        SettingError
            ``setting.choice`` for another window, and what `recsys_core.fairness.groups.make_grouping` raises.
        WorkspaceError
            What `recsys_core.feedback.FeedbackReader` raises for a damaged or foreign log.
        """
        if window not in WINDOWS:
            raise SettingError("setting.choice", name="window", choices=", ".join(WINDOWS), value=window)
        at = time.time() if now is None else now
        groups = self._user_groups(by)
        state = self._state
        state.read(0.0 if window == "all" else at - SECONDS[window])
        span = self._span(window, at)
        served = state.traffic[-1] if state.traffic else None
        return MonitorReport(
            upto=state.upto,
            at=at,
            window=window,
            start=span.start,
            end=span.end,
            by=groups.by,
            least=least,
            last_seen=self._last_seen(),
            version=served.version if served else None,
            model=served.model if served else None,
            variant=served.variant if served else None,
            traffic=traffic_points(state.traffic, span.edges(N_TRAFFIC, least=ROW_SECONDS)),
            traffic_now=self._traffic_now(at),
            feedback=self._feedback(span, at),
            feedback_points=self._feedback_points(span),
            drift=self._drift(served, reference),
            label_age=max(0.0, at - float(state.received[-1])) if len(state.received) else None,
            label_delay=float(np.median(state.delays)) if len(state.delays) else None,
            horizon=state.lists.horizon,
            **self._quality(span, at, groups, least),
        )

    def _quality(self, span: _Span, at: float, groups: UserGroups, least: int) -> dict[str, Any]:
        """What is said of the lists of the window, by field of the report."""
        lists, items = self._state.lists, self._item_groups()
        middle = (span.start + min(span.end, at - lists.horizon)) / 2  # of the lists that count
        rows, n_open = lists.within(span.start, span.end, at)
        held = QualityWindow(lists, rows, groups, least=least)
        about = {"n_open": n_open, "exposure_by": items.by, "label_share": held.label_share()}
        if not len(rows):
            return about | dict.fromkeys(("quality", "quality_points", "gaps", "changes"), ())
        return about | {
            "quality": held.quality(),
            "quality_points": held.over_time(span.edges(N_QUALITY, least=ROW_SECONDS)),
            "gaps": held.gaps(),
            "changes": held.changes(middle),
            "gap_changes": held.gap_changes(middle),
            "exposure": items.exposure(lists, rows),
        }

    @property
    def drift_watch(self) -> DriftWatch | None:
        """What follows the scores of the version that is served; None without a reference."""
        return self._watch

    def _span(self, window: str, at: float) -> _Span:
        """From the window's start, or from the first thing that happened in it where the log is younger."""
        state = self._state
        start = at - SECONDS[window] if window in SECONDS else -np.inf
        firsts = [state.lists.served, state.received, np.array([row.time - row.span_seconds for row in state.traffic])]
        inside = [float(times[times >= start].min()) for times in firsts if (times >= start).any()]
        begin = max(start, min(inside, default=at - MINUTE))
        return _Span(min(begin, at - 1.0), at + 1e-3)

    def _user_groups(self, by: str) -> UserGroups:
        if by not in self._users:
            column = by or watched_column(self._split_dataset, "user")
            self._users[by] = UserGroups.make(self._split_dataset, column)
        return self._users[by]

    def _item_groups(self) -> ItemGroups:
        if self._items is None:
            self._items = ItemGroups.make(self._split_dataset, watched_column(self._split_dataset, "item"))
        return self._items

    def _last_seen(self) -> float | None:
        state = self._state
        times = [row.time for row in state.traffic[-1:]] + state.lists.served[-1:].tolist()
        return max(times, default=None)

    def _traffic_now(self, at: float) -> TrafficPoint | None:
        recent = [row for row in self._state.traffic if at - MINUTE <= row.time]
        if not recent:
            return None
        return traffic_point(recent, recent[0].time - recent[0].span_seconds, recent[-1].time)

    def _feedback(self, span: _Span, at: float) -> FeedbackSummary:
        state = self._state
        inside = (state.received >= span.start) & (state.received < span.end)
        today = at - at % DAY
        rows = (state.lists.served >= span.start) & (state.lists.served < span.end)
        return FeedbackSummary(
            n_events=len(state.received),
            n_users=state.n_users,
            n_in_window=int(inside.sum()),
            n_positive_in_window=int(state.positive[inside].sum()),
            n_today=int(((state.received >= today) & (state.received < today + DAY)).sum()),
            first=float(state.received[0]) if len(state.received) else None,
            last=float(state.received[-1]) if len(state.received) else None,
            n_lists=int(rows.sum()),
            n_lists_with_feedback=int(state.lists.labelled[rows].sum()),
        )

    def _feedback_points(self, span: _Span) -> tuple[FeedbackPoint, ...]:
        edges = span.edges(N_FEEDBACK)
        n, _ = np.histogram(self._state.received, edges)
        positive, _ = np.histogram(self._state.received[self._state.positive], edges)
        figures = zip(edges[:-1].tolist(), edges[1:].tolist(), n.tolist(), positive.tolist(), strict=True)
        return tuple(FeedbackPoint(start=a, end=b, n=k, n_positive=p) for a, b, k, p in figures)

    def _hear(self, lists: pd.DataFrame) -> None:
        """Keep the newest lists until it is known which version is served."""
        self._unheard = [*self._unheard, lists]
        while sum(map(len, self._unheard)) - len(self._unheard[0]) > RECENT_LISTS:
            self._unheard.pop(0)

    def _drift(self, served: Traffic | None, reference: Reference | None) -> ScoreDrift:
        """Where the scores of what is served stand; follows the lists that were read since."""
        if served is None:
            return NO_DRIFT
        now = (served.version, served.variant)
        if self._watch is None or self._watched != now:
            self._watch = self._new_watch(served, reference)
            self._watched = now
        if self._watch is None:
            return NO_DRIFT
        for lists in self._unheard:
            self._watch.add(lists, served.version)
        self._unheard = []
        return self._watch.drift()

    def _new_watch(self, served: Traffic, reference: Reference | None) -> DriftWatch | None:
        if reference is None:
            known = {v.version: v.fingerprint for v in Versions(self.workspace.path).list()}
            mark = known.get(served.version)
            reference = load_reference(self.workspace.path, mark, served.variant) if mark else None
        dataset = self._split_dataset.dataset
        return DriftWatch(reference, dataset.user_ids, dataset.item_ids) if reference and reference.n else None


def monitor(workspace: Path, *, by: str = "", window: str = "all", now: float | None = None) -> MonitorReport:
    """What the log of the workspace in ``workspace`` says, read as a whole; see `Monitor.report`."""
    return Monitor(Workspace.open(workspace)).report(by=by, window=window, now=now)


def reference_scores(workspace: Workspace, model_id: str, variant: str) -> Reference | None:
    """The reference that the server kept for a model and the key of a variant; None where it has not made one yet."""
    known = [v.fingerprint for v in Versions(workspace.path).list() if v.model == model_id]
    found = (load_reference(workspace.path, mark, variant) for mark in reversed(known))
    return next((reference for reference in found if reference), None)
