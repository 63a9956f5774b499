"""Learn: one look at the feedback log, from its rows to a candidate in the workspace and the decision about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from recsys_core.compress.threads import one_core
from recsys_core.data.folder import locked
from recsys_core.errors import WorkspaceError, phrase
from recsys_core.feedback import FeedbackReader
from recsys_core.learning.acts import GUARD, finish_promotion, now, taught_by
from recsys_core.learning.guard import LEAST_ROWS, LEAST_USERS
from recsys_core.learning.judge import Judged, judge
from recsys_core.learning.rows import FeedbackRows, Span, feedback_rows
from recsys_core.learning.store import clear_refused, store_candidate
from recsys_core.models.model_store import read_about
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import Workspace
from recsys_core.progress import Progress, silent
from recsys_core.results.learning import PROMOTED, REFUSED, Decision, Gain, Reason
from recsys_core.results.serving import ServedVersion
from recsys_core.versions import DecisionLog, Versions

LOCK = "learning"
RETRAIN_SHARE = 0.25  # of the training rows: from so much feedback on a full retraining is proposed
NOTHING = Gain(gain=None, low=None, high=None, n_users=0, n_rows=0)


def learn(folder: Path, *, seed: int = 0, progress: Progress = silent) -> Decision:
    """One look at all feedback since the served version was taught: the decision, as it stands in the log.

    The candidate is a model of the workspace (``learned`` in its configuration says of what); a promoted one is its
    current model. A refused one stays to be looked at until the next look. Deterministic in the served version, the
    range of the log and ``seed``.

    Raises
    ------
    WorkspaceError
        ``learning.locked`` where another learner is at work, and what opening the workspace and its log raises.
    """
    folder = Path(folder)
    with only_learner(folder):
        finish_promotion(folder)
        look = Look.open(folder, seed)
        return look.decide(progress)


@contextmanager
def only_learner(folder: Path) -> Iterator[None]:
    """Nobody else learns in this workspace inside the block. Raises ``WorkspaceError`` (``learning.locked``)."""
    read_about(folder)  # no folder is made in what is no workspace
    lock = folder / "serving" / LOCK
    lock.mkdir(parents=True, exist_ok=True)
    with locked(lock, wait=False) as free:
        if not free:
            raise WorkspaceError("learning.locked", path=folder)
        yield


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one look at the log sees: the served version and its model, and the range that is new to it."""

    workspace: Workspace
    parent: TrainedModel
    version: ServedVersion
    span: Span
    number: int
    seed: int
    began: float

    @classmethod
    def open(cls, folder: Path, seed: int) -> Look:
        """The present look: ``number`` counts those at feedback of this parent."""
        began, workspace, versions = time.perf_counter(), Workspace.open(folder), Versions(folder)
        version = versions.current()
        taught = taught_by(versions, version.model)
        after = 0 if taught is None else taught[1]
        upto = max(after, FeedbackReader(folder).last_seq)
        earlier = {d.id for d in DecisionLog(folder).list() if d.parent_version == version.version and d.alpha > 0}
        parent = workspace.model(version.model)
        return cls(workspace, parent, version, (after, upto), 1 + len(earlier), seed, began)

    def decide(self, progress: Progress = silent) -> Decision:
        """Make candidates, ask the guard, write down what it says, and let a promoted one be served."""
        folder = self.workspace.path
        progress(phrase("learning.stage.rows"), 0.0)
        rows = self.rows()
        clear_refused(self.workspace)
        n_users = len(set(rows.rolling.pairs.users.tolist()))
        if rows.n_rows < LEAST_ROWS or n_users < LEAST_USERS:
            return DecisionLog(folder).append(self._too_little(rows, n_users))
        judged = judge(self.parent, rows, look=self.number, seed=self.seed, progress=progress)
        candidate = self.store(judged, rows, progress)
        written = DecisionLog(folder).append(self.unless_replaced(self.decision(judged, rows, candidate)))
        if written.decision == PROMOTED and candidate:  # written first: a killed promotion is finished next time
            Versions(folder).promote(candidate)
        return written

    def rows(self) -> FeedbackRows:
        """The rows of the range."""
        events = FeedbackReader(self.workspace.path).events(upto=self.span[1])
        refused = Versions(self.workspace.path).refused
        return feedback_rows(self.workspace.split_dataset, events, self.span, refused=refused, seed=self.seed)

    def store(self, judged: Judged, rows: FeedbackRows, progress: Progress = silent) -> str:
        """Id of the candidate in the workspace."""
        about = {"parent_version": self.version.version, "seed": self.seed, "n_rows": rows.n_rows}
        about |= {"n_rows_in_all": rows.n_rows + self._taught_before}
        with one_core():
            taught = judged.chosen.taught
            return store_candidate(self.workspace, self.parent, taught, self.span, about, progress=progress)

    def decision(self, judged: Judged, rows: FeedbackRows, candidate: str | None) -> Decision:
        """What became of it, number and all left to the log."""
        chosen = judged.chosen
        against, overall = chosen.against, chosen.rolling.overall
        better = Reason(key="learning.better", values={"gain": overall.gain, "low": overall.low})
        much = rows.n_rows + self._taught_before >= RETRAIN_SHARE * len(self.workspace.split_dataset.split.train)
        return Decision(
            candidate=candidate,
            decision=PROMOTED if against is None else against.decision,
            reason=better if against is None else against.reason,
            rule=chosen.taught.step.name,
            rolling=overall,
            anchor=chosen.anchor.overall,
            groups=chosen.rolling.groups + chosen.anchor.groups,
            overlap=chosen.overlap,
            drift=chosen.drift,
            alpha=judged.alpha,
            surprise=judged.surprise,
            widened=chosen.rolling.widened,
            tried=judged.tried,
            retrain=much or judged.wants_more,
            **self._about(rows),
        )

    def unless_replaced(self, decision: Decision) -> Decision:
        """The same, refused where another version came to be served meanwhile: promoting would throw that one out."""
        now_served = Versions(self.workspace.path).current().version
        if decision.decision == REFUSED or now_served == self.version.version:
            return decision
        reason = Reason(key="learning.replaced", values={"parent": self.version.version, "now": now_served})
        return replace(decision, decision=REFUSED, reason=reason)

    def _too_little(self, rows: FeedbackRows, n_users: int) -> Decision:
        values = {"n_rows": rows.n_rows, "least_rows": LEAST_ROWS, "n_users": n_users, "least_users": LEAST_USERS}
        return Decision(
            candidate=None,
            decision=REFUSED,
            reason=Reason(key="learning.too_little", values=values),
            rule=None,
            rolling=NOTHING,
            anchor=NOTHING,
            groups=(),
            overlap=None,
            drift=None,
            alpha=0.0,
            **self._about(rows),
        )

    def _about(self, rows: FeedbackRows) -> dict:
        return {
            "id": 0,
            "parent": self.parent.id,
            "parent_version": self.version.version,
            "at": now(),
            "by": GUARD,
            "seed": self.seed,
            "after": self.span[0],
            "upto": self.span[1],
            "n_rows": rows.n_rows,
            "n_users": rows.n_users,
            "n_capped": rows.n_capped,
            "n_unknown": rows.n_unknown,
            "look": self.number,
            "seconds": time.perf_counter() - self.began,
        }

    @property
    def _taught_before(self) -> int:
        """Rows of feedback behind the parent."""
        return int(self.parent.config.get("learned", {}).get("n_rows_in_all", 0))
