"""Results of serving: a list as it was served, an event of feedback, and the version that answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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
