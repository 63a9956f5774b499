"""Neighbours: of the item-item term the strongest entries of each column stay; the network stays as it is."""

from __future__ import annotations

from recsys_core.compress.lever import Lever
from recsys_core.errors import SettingError
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.variant import Compression


class Neighbours(Lever):
    """Each item keeps the ``neighbours`` items that say most of it."""

    name = "neighbours"

    def check(self, compression: Compression, dense: Ranker, term: ItemItemTerm | None) -> None:
        asked = compression.neighbours or 0
        if term is None:
            raise SettingError("setting.no_term", name="neighbours", value=asked)
        most = most_neighbours(term)
        if asked > most:
            raise SettingError("setting.between", name="neighbours", low=1, high=most, value=asked)

    def term(self, term: ItemItemTerm, compression: Compression) -> ItemItemTerm:
        return term.cut(compression.neighbours or term.neighbours)


def most_neighbours(term: ItemItemTerm) -> int:
    """The most neighbours that are fewer than the fullest column has; 1 at least."""
    return max(1, term.widest - 1)


LEVER = Neighbours()
