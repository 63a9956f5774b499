"""What is asked of a batch, and how an output folder says what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys_core.errors import SettingError, require
from recsys_core.explain.methods import DEFAULT
from recsys_core.explain.probability_games import check_units
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import DENSE, ModelVariant

FORMAT = "reclens-batch-1"


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Which model's lists are explained, and how.

    Attributes
    ----------
    workspace
        Its folder; every worker opens it, so on several machines it lies on a disk that they share.
    k
        Length of each list.
    method, background, seed, units
        As of `recsys_core.explain.explain.explain`: the same figures, pair by pair. The history is one reason.

    Raises
    ------
    SettingError
        ``setting.k``, ``setting.least``, ``setting.choice``.
    """

    workspace: Path
    variant: ModelVariant = DENSE
    k: int = 10
    method: str = DEFAULT
    background: int = 32
    seed: int = 0
    units: Units = LOGIT

    def __post_init__(self) -> None:
        require(self.k >= 1, SettingError, "setting.k", value=self.k)
        require(self.background >= 1, SettingError, "setting.least", name="background", least=1, value=self.background)
        check_units(self.units)

    def manifest(self, model: TrainedModel) -> dict[str, Any]:
        """What an output folder says of itself: equal for two runs exactly where their rows are."""
        return {
            "format": FORMAT,
            "model": model.fingerprint,
            "model_id": model.id,
            "variant": self.variant.settings_key,
            "k": self.k,
            "method": self.method,
            "background": self.background,
            "seed": self.seed,
            "units": self.units,
        }
