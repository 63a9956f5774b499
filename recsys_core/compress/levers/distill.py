"""Distillation to a narrower student: the body cut to a given width, then trained on the dense model's logits."""

from __future__ import annotations

from recsys_core.compress.distillation import DistillationSettings, Reduced
from recsys_core.compress.lever import Lever, Sample
from recsys_core.compress.units import LEAST_UNITS, first_units, shrink_body, units_of_width
from recsys_core.errors import SettingError
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.variant import Compression


class Distill(Lever):
    """A student of ``distill`` units, half as many in the second layer."""

    name = "distill"
    trained = True

    def check(self, compression: Compression, dense: Ranker, term: ItemItemTerm | None) -> None:
        width, most = compression.distill or 0, dense.shape.first
        if width > most:
            raise SettingError("setting.between", name="distill", low=LEAST_UNITS, high=most, value=width)

    def apply(self, ranker: Ranker, compression: Compression, sample: Sample) -> Reduced:
        return shrink_body(ranker, compression.distill or 0, sample())

    def shape_only(self, ranker: Ranker, compression: Compression) -> Ranker:
        return first_units(ranker, *units_of_width(ranker, compression.distill or 0))

    def epochs(self, settings: DistillationSettings) -> int:
        return settings.student_epochs


LEVER = Distill()
