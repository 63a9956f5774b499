"""Backgrounds: what a score is compared with, the rows that stand for "not this value".

``average``: any other case, seeded training examples of everyone. ``segment:NAME``: those of a segment's users alone.
``item:ID``: the same user with another item, one row. User and history are then the same on both sides, so their
reasons add nothing, and the item's say what sets the two items apart *for the network*. An item-item term adds what the
history says of the *scored* item to every coalition (`recsys_core.explain.term_game`), so it is no part of the
contributions and stands in the base: the base is the other item's attributes with this item's neighbours, not the other
item's own score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from recsys_core.data.segments import SegmentStore, segment_users
from recsys_core.errors import SettingError
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import SplitDataset

Kind = Literal["average", "segment", "item"]
KINDS: tuple[Kind, ...] = get_args(Kind)
UsersOf = Callable[[str], np.ndarray]


@dataclass(frozen=True, slots=True)
class BackgroundChoice:
    """Which background: ``kind``, and the ``name`` of the segment or the raw id of the item."""

    kind: Kind = "average"
    name: str = ""

    @property
    def key(self) -> str:
        """As the command line and addresses write it.

        >>> BackgroundChoice().key, BackgroundChoice("item", "i:7").key
        ('average', 'item:i:7')
        """
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @classmethod
    def parse(cls, text: str) -> BackgroundChoice:
        """The choice of a key; nothing said is the average case. Raises ``SettingError`` (``background.form``).

        >>> BackgroundChoice.parse("segment:young"), BackgroundChoice.parse("").kind
        (BackgroundChoice(kind='segment', name='young'), 'average')
        """
        word, _, name = text.partition(":")
        if text in ("", AVERAGE.key):
            return AVERAGE
        for kind in KINDS[1:]:
            if word == kind and name:
                return cls(kind, name)
        raise SettingError("background.form", value=text)


AVERAGE = BackgroundChoice()


def make_background(
    choice: BackgroundChoice,
    split_dataset: SplitDataset,
    pair: Pairs,
    *,
    n: int,
    seed: int,
    users_of: UsersOf | None = None,
) -> Pairs:
    """Rows that stand for "not this value" in an explanation of ``pair``.

    Parameters
    ----------
    pair
        The one explained: its user and history stand beside another item.
    n
        At most so many examples; another item is one row whatever ``n``.
    users_of
        Matrix rows of the users of a segment by its name (`users_of_segments`); None where there are no segments.

    Raises
    ------
    SettingError
        ``setting.least`` for no row, ``background.no_segments``, ``background.empty`` (a segment without training
        examples), ``background.itself`` (the item explained), and what an unknown segment or item raises.
    """
    if n < 1:
        raise SettingError("setting.least", name="background", least=1, value=n)
    if choice.kind == "item":
        return _other_item(choice.name, split_dataset, pair)
    if choice.kind == "average":
        return split_dataset.background(n, seed=seed)
    if users_of is None:
        raise SettingError("background.no_segments", segment=choice.name)
    rows = split_dataset.background(n, seed=seed, users=users_of(choice.name))
    if not len(rows):
        raise SettingError("background.empty", segment=choice.name)
    return rows


def users_of_segments(workspace: Path, split_dataset: SplitDataset) -> UsersOf:
    """Who belongs to a segment of the workspace, by its name. Raises what `SegmentStore.get` and `segment_users` do."""
    store = SegmentStore(workspace)
    return lambda name: segment_users(store.get(name), split_dataset.dataset, split_dataset)


def _other_item(item_id: str, split_dataset: SplitDataset, pair: Pairs) -> Pairs:
    dataset = split_dataset.dataset
    item = dataset.item_index(item_id, dataset.name)
    if item == pair.items[0]:
        raise SettingError("background.itself", item=item_id)
    return replace(pair, items=np.array([item], dtype=pair.items.dtype))
