"""Results of serving: a list as it was served, an event of feedback, and the version that answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from recsys_core.errors import Phrase
from recsys_core.results.explanation import Explanation

POPULARITY = "popularity"  # the variant of a list that no model made


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedVersion:
    """A model that was or is served: ``version`` counts from 1 in its workspace.

    The same files (``fingerprint``) have one number however often they come back; ``since`` is when the number was
    given, in UTC.
    """

    version: int
    model: str
    fingerprint: str
    since: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedList:
    """A list as somebody was shown it.

    Attributes
    ----------
    list_id
        Names it in feedback.
    user_id
        Whose it is; None for a person who gave no id.
    served
        When, in seconds since 1970 by the server's clock.
    version, variant
        Who made it: number of the version, and key of the variant.
    items, scores
        Ids and logits, first place first.
    propensities
        The chance that each item had to stand at its place; all 1 where nothing is left to chance.
    n_candidates
        How many items could have been on it.
    """

    list_id: str
    user_id: str | None
    served: float
    version: int
    variant: str
    items: tuple[str, ...]
    scores: tuple[float, ...]
    propensities: tuple[float, ...]
    n_candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackEvent:
    """What somebody did with an item.

    Attributes
    ----------
    event_id
        Made by the client; the same id is the same event, however often it is sent.
    user_id, item_id
        Raw ids. A user that the data do not know may send feedback, an unknown item has none.
    outcome
        On the scale of the dataset's outcome: 0 or 1 for clicks, a rating within its range.
    list_id
        The list on which it stood, None where it stood on none.
    time
        The client's clock in seconds since 1970, kept as it was sent; the log's own order is that of arrival.
    """

    event_id: str
    user_id: str
    item_id: str
    outcome: float
    list_id: str | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReason:
    """One of the strongest reasons for a listed item: what its score loses without it, in logits."""

    feature: str
    value: str | float | int | None
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveItem:
    """A line of a live list.

    ``score`` is a logit (where the task is the rating itself: that on a scale of 0 to 1), None where the list is not
    made by the model; ``probability`` is None where scores are none. ``n_takers`` says for such a list how many people
    took the item.
    """

    item_id: str
    title: str
    score: float | None
    probability: float | None
    rank: int
    propensity: float = 1.0
    reasons: tuple[ItemReason, ...] | None = None
    n_takers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveList:
    """A list as a version makes it of what is known of somebody now.

    Attributes
    ----------
    version
        Who made it.
    variant
        Key of the variant; ``popularity`` where nothing was known that the model could read.
    user
        ``known`` to the dataset, ``new`` with attributes or a history of their own, or ``unknown``.
    n_candidates
        How many items could have been on it.
    notes
        What is to be said of it, in words.
    """

    version: ServedVersion
    variant: str
    user: str
    items: tuple[LiveItem, ...]
    n_candidates: int
    notes: tuple[Phrase, ...] = ()

    def served(self, list_id: str, user_id: str | None, at: float) -> ServedList:
        """The list as the log keeps it; the scores of one by popularity are the numbers of people."""
        scores = (item.score if item.score is not None else float(item.n_takers or 0) for item in self.items)
        return ServedList(
            list_id=list_id,
            user_id=user_id,
            served=at,
            version=self.version.version,
            variant=self.variant,
            items=tuple(item.item_id for item in self.items),
            scores=tuple(scores),
            propensities=tuple(item.propensity for item in self.items),
            n_candidates=self.n_candidates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveScores:
    """Scores of some items for somebody, in the order asked for; probabilities are None where scores have none."""

    version: ServedVersion
    variant: str
    user: str
    item_ids: tuple[str, ...]
    scores: tuple[float, ...]
    probabilities: tuple[float | None, ...]
    notes: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveExplanation:
    """Why somebody, as they are known now, gets an item."""

    version: ServedVersion
    variant: str
    user: str
    explanation: Explanation
    notes: tuple[Phrase, ...] = ()
