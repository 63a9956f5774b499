"""Lever: one way of making a ranker smaller, as the build pipeline sees it."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from recsys_core.compress.distillation import DistillationSettings, Reduced
from recsys_core.data.features import Features
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.settings import settings_of
from recsys_core.variant import Compression, ModelVariant

Sample = Callable[[], Tensor]


class Lever:
    """One lever; a module of `recsys_core.compress.levers` holds one, named ``LEVER``.

    Attributes
    ----------
    name
        As `recsys_core.variant.LEVERS` spells it; the settings that name it there are the lever's.
    trained
        Whether the teacher mends what it broke: refitting, then ``epochs`` of distillation. What is
        trained is stored with the workspace's students.
    leaves_zeros
        Whether single weights of matrices are zero after it: then a matrix is stored as a mask and the
        weights that are left, where that is smaller.
    """

    name: str
    trained: bool = False
    leaves_zeros: bool = False

    @property
    def settings(self) -> tuple[str, ...]:
        """The fields of `Compression` that it reads."""
        return tuple(name for name, about in settings_of(Compression) if self.name in about.levers)

    def is_set(self, compression: Compression) -> bool:
        """Whether these settings ask for it: any of its own is not at its default."""
        return any(getattr(compression, name) != getattr(Compression(), name) for name in self.settings)

    def check(self, compression: Compression, dense: Ranker, term: ItemItemTerm | None) -> None:
        """Raise ``SettingError`` for settings that do not fit this dense model, network and item-item term."""

    def apply(self, ranker: Ranker, compression: Compression, sample: Sample) -> Reduced:
        """The smaller ranker; ``ranker`` is not changed.

        ``sample`` gives seeded inputs of the dense model's body ``(n, n_inputs)``; drawing them takes a second, so it
        is asked only where they matter.
        """
        return Reduced(ranker)

    def shape_only(self, ranker: Ranker, compression: Compression) -> Ranker:
        """A ranker of the shape that ``apply`` gives, for its costs alone: no sample is drawn, any weights will do."""
        return self.apply(ranker, compression, _no_sample).ranker

    def term(self, term: ItemItemTerm, compression: Compression) -> ItemItemTerm:
        """The item-item term that stands beside the smaller ranker; ``term`` is not changed."""
        return term

    def epochs(self, settings: DistillationSettings) -> int:
        """How many epochs of distillation follow, where it is ``trained``."""
        return settings.epochs

    def scorer(self, ranker: Ranker, features: Features, variant: ModelVariant) -> Scorer:
        """Who runs the finished ranker; asked of the last lever that is set."""
        return Scorer(ranker, features, variant=variant)


def _no_sample() -> Tensor:
    raise RuntimeError("only a shape was asked for: there is no sample")
