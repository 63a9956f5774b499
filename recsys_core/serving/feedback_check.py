"""Feedback check: what no log should hold, though it could: items that are not, outcomes off the scale of the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys_core.live.histories import positive_outcomes
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.results.serving import FeedbackEvent
from recsys_core.serving.json_body import shown
from recsys_core.serving.refusals import Refused


class FeedbackCheck:
    """Checks events against the data that the service was started with."""

    def __init__(self, split_dataset: SplitDataset) -> None:
        self._split_dataset, self._schema = split_dataset, split_dataset.dataset.schema
        self._items = frozenset(split_dataset.dataset.items["item_id"])

    def __call__(self, events: Sequence[FeedbackEvent]) -> None:
        """Raise ``Refused`` (422) for the first event of an unknown item or with another outcome than the data have."""
        for place, event in enumerate(events):
            if event.item_id not in self._items:
                raise _refused("serve.event_item", place, event, item=shown(event.item_id))
            if self._schema.outcome == "rating":
                low, high = self._schema.low, self._schema.high
                if not low <= event.outcome <= high:
                    raise _refused("serve.event_rating", place, event, value=event.outcome, low=low, high=high)
            elif event.outcome not in (0, 1):
                raise _refused("serve.event_outcome", place, event, value=event.outcome)

    def n_positive(self, events: Sequence[FeedbackEvent]) -> int:
        """How many of them count as taken, whatever scale they are on."""
        outcome = np.clip([event.outcome for event in events], -1e9, 1e9).astype(np.float32)
        return int(positive_outcomes(self._split_dataset, outcome).sum())


def _refused(key: str, place: int, event: FeedbackEvent, **values: object) -> Refused:
    return Refused(422, key, place=place, event=shown(event.event_id), **values)
