"""Service: what the addresses of the application ask for, over the version that is served and the log."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from recsys_core.errors import SettingError, WorkspaceError
from recsys_core.feedback import FeedbackLog
from recsys_core.live.histories import LiveHistories
from recsys_core.live.person import Person
from recsys_core.results.feedback import Appended
from recsys_core.results.serving import FeedbackEvent, ServedList
from recsys_core.serving.answers import explanation_said, list_for, list_said, scores_said
from recsys_core.serving.bodies import MOST_WITH_REASONS, ExplainBody, FeedbackBody, RecommendBody, ScoreBody, Someone
from recsys_core.serving.feedback_check import FeedbackCheck
from recsys_core.serving.metrics import ServiceMetrics
from recsys_core.serving.pool import BoundedPool
from recsys_core.serving.refusals import Refused
from recsys_core.serving.watcher import VersionWatcher

WAITING, WAITING_EXPLANATIONS = 64, 8  # requests: some 300 ms of answers, and as much of explanations

FAILURES = {"feedback.full": "full", "feedback.busy": "busy"}  # the log's errors as metrics name them


class Service:
    """One workspace under one variant, behind whatever carries requests to it.

    Everything here runs on one event loop, but for what the pools compute.
    """

    def __init__(
        self, *, watcher: VersionWatcher, histories: LiveHistories, log: FeedbackLog, metrics: ServiceMetrics
    ) -> None:
        self.watcher, self.histories, self.log, self.metrics = watcher, histories, log, metrics
        self.workspace = watcher.models.workspace
        self.is_draining = False
        self._check = FeedbackCheck(self.workspace.split_dataset)
        self._answers = BoundedPool("answers", waiting=WAITING)
        self._explanations = BoundedPool("explanations", waiting=WAITING_EXPLANATIONS)
        self._pools = (self._answers, self._explanations)
        for pool in self._pools:
            metrics.queue_limit(pool.name, pool.limit)
        metrics.queue_limit("feedback", log.queue_limit)

    async def recommend(self, body: RecommendBody) -> dict[str, Any]:
        """A list, noted in the log before it is given, so that feedback on it finds it."""
        engine, person, pool = self.watcher.engine, self.person(body), self._answers
        if body.reasons:
            pool = self._explanations
            if body.k > MOST_WITH_REASONS:
                raise Refused(422, "serve.reasons", k=body.k, most=MOST_WITH_REASONS)
        found, n_unknown = await pool.run(list_for, engine, person, self.histories.n_takers, body)
        served = found.served(secrets.token_hex(12), person.user_id, time.time())
        self.metrics.listed(served)
        return list_said(found, served.list_id if self._is_noted(served) else None, n_unknown)

    async def score(self, body: ScoreBody) -> dict[str, Any]:
        """Scores of the items, in their order."""
        return scores_said(await self._answers.run(self.watcher.engine.score, self.person(body), body.item_ids))

    async def explain(self, body: ExplainBody) -> dict[str, Any]:
        """What each feature adds to a score."""
        engine, person = self.watcher.engine, self.person(body)
        found = await self._explanations.run(engine.explain, person, body.item_id, background=body.background)
        return explanation_said(found)

    async def feedback(self, body: FeedbackBody, client: str) -> dict[str, int]:
        """How many events are new and durable, and how many the log had; the histories know them before the answer."""
        events = [
            FeedbackEvent(
                event_id=event.event_id,
                user_id=event.user_id,
                item_id=event.item_id,
                outcome=event.outcome,
                list_id=event.list_id,
                time=event.time,
            )
            for event in body.events
        ]
        try:
            self._check(events)
            told = self.log.append(events, client=client)
            told.add_done_callback(self._learn)  # before the next line's own, and whether or not the caller stays
            appended = await asyncio.shield(asyncio.wrap_future(told))
        except (SettingError, Refused):
            self._count(events)
            raise
        except WorkspaceError as failure:
            self.metrics.feedback_failed(FAILURES.get(failure.key, "other"))
            raise
        self._count(events, appended.new)
        return {"accepted": appended.accepted, "duplicates": appended.duplicates}

    def person(self, body: Someone) -> Person:
        """Who is asked about, as they are known at this moment."""
        if body.attributes is None and body.history is None:
            return self.histories.person(body.user_id or "")
        return self.histories.new_person(body.attributes, body.history or (), user_id=body.user_id)

    def version(self) -> dict[str, Any]:
        """What answers now."""
        engine = self.watcher.engine
        about = {"variant": engine.variant.key, "workspace": self.workspace.name, "task": self.workspace.split.task}
        return engine.served.to_json() | about

    def note_traffic(self) -> None:
        """Bring what waits up to date in the metrics, and note what was answered since the last time in the log."""
        for pool in self._pools:
            self.metrics.queue(pool.name, pool.inside)
        self.metrics.queue("feedback", self.log.queue_depth)
        self.log.note_traffic(self.metrics.traffic())

    def drain(self) -> None:
        """Say that no new requests should come; those that do are still answered."""
        self.is_draining = True

    def close(self) -> None:
        """End the pools and the watcher; the log is its opener's."""
        self.watcher.stop()
        for pool in self._pools:
            pool.close()

    def _is_noted(self, served: ServedList) -> bool:
        """Whether the log takes a list; where it cannot, people are served all the same."""
        try:
            self.log.note_list(served)
        except WorkspaceError as failure:
            self.metrics.feedback_failed(FAILURES.get(failure.key, "other"))
            return False
        return True

    def _learn(self, told: Future[Appended]) -> None:
        """Let the histories know what the log has; called by its writer, in its order, before anybody is answered."""
        if not told.cancelled() and told.exception() is None:
            self.histories.add(told.result().new)

    def _count(self, events: Sequence[FeedbackEvent], new: Sequence[FeedbackEvent] | None = None) -> None:
        """Count events as new or duplicates, as refused where nothing is said of new ones; each by its own outcome."""
        first, rest = ("refused", "refused") if new is None else ("new", "duplicate")
        n_new, n_new_positive = len(new or ()), self._check.n_positive(new or ())
        n_positive = self._check.n_positive(events)
        counts = (
            (first, True, n_new_positive),
            (first, False, n_new - n_new_positive),
            (rest, True, n_positive - n_new_positive),
            (rest, False, len(events) - n_positive - n_new + n_new_positive),
        )
        for result, positive, n in counts:
            if n:
                self.metrics.feedback(positive=positive, result=result, n=n)
