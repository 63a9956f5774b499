"""Results of learning: a candidate made from feedback, what the guard measured of it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recsys_core.results.dataclass_json import from_json, to_json

PROMOTED, HELD, REFUSED = "promoted", "held", "refused"
DECISIONS = (PROMOTED, HELD, REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Fall of the log loss from the parent to the candidate on one holdout, paired user by user.

    ``gain`` above 0 is an improvement; ``low`` and ``high`` bound it at the confidence that the guard's alpha left for
    this look. None where there is nothing to measure by.
    """

    gain: float | None
    low: float | None
    high: float | None
    n_users: int
    n_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGain:
    """The gain of one group of users on one holdout; groups below the least size are pooled."""

    holdout: str
    column: str
    group: str
    gain: Gain


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a decision fell so: a message key and its values, English when written out."""

    key: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A step of the ladder that was tried: its gains, what speaks against it (None: nothing), and its time.

    ``rule`` is ``histories`` (no weight is touched, and nothing changes on the anchor: None), ``recalibrate``,
    ``second_layer`` or ``everything``.
    """

    rule: str
    rolling: Gain
    anchor: Gain | None
    against: Reason | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A candidate and what became of it.

    Attributes
    ----------
    id
        Counts from 1 in the workspace.
    candidate
        Id of its model; None where no model was made.
    parent
        Id of the model that it was made from, and ``parent_version`` the number of that version.
    decision
        ``promoted``, ``held`` (for a person) or ``refused``.
    by
        ``guard``, or ``person``.
    rule
        Name of the ladder's step.
    after, upto
        Feedback that it was taught: the events of the log with ``after < sequence number <= upto``.
    n_rows, n_users, n_capped
        Rows that taught it, of how many users; rows left out by the caps per user and per client.
    rolling, anchor
        Its gain on the latest feedback that was never trained on, and on the workspace's frozen test part.
    overlap, drift
        Mean share of the top 10 that stayed, and mean change of the explanations; None where not measured.
    look, alpha
        How many looks at feedback of this parent the guard has had, and the error rate that was left for each bound of
        this one.
    surprise
        By how much the feedback's log loss exceeds what the parent expects by its own probabilities, in nats a row
        of the rolling holdout; about 0 where feedback is what the parent learned, whatever was shown. None where not
        measured.
    widened
        The largest widening of a gap between the best and the worst group of a column; its bounds as of a gain.
    tried
        Every step of the ladder that was tried, the smallest first.
    n_unknown
        Rows left out as the dataset does not know their user or item, or the task gives their outcome no label.
    retrain
        Whether a full retraining is proposed: there is much that only it could learn.
    """

    id: int
    candidate: str | None
    parent: str
    parent_version: int
    at: str
    decision: str
    by: str
    reason: Reason
    rule: str | None
    seed: int
    after: int
    upto: int
    n_rows: int
    n_users: int
    n_capped: int
    rolling: Gain
    anchor: Gain
    groups: tuple[GroupGain, ...]
    overlap: float | None
    drift: float | None
    look: int
    alpha: float
    seconds: float
    surprise: float | None = None
    widened: Gain | None = None
    tried: tuple[Tried, ...] = ()
    n_unknown: int = 0
    retrain: bool = False

    def to_json(self) -> dict[str, Any]:
        return to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Decision:
        """The inverse of `to_json`."""
        return from_json(cls, data)
