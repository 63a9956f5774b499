"""How designs are compared: the budget that is the same for all."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from recsys_core.errors import SettingError, require
from recsys_core.models.objective import IdRegulation
from recsys_core.models.sequence_objective import SequenceSampling
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.training import TrainingSettings

SAMPLING = SequenceSampling(negatives=100, a_target=8, least=20_000, most=50_000)
MOST_ROWS = 40_000  # labelled rows of an epoch
MOST_BATCH = {"implicit": 2048}  # candidates; so short a training needs many steps, else optimisers are compared
MOST_LABELS = 256  # of a batch of any other task
SCORES = 3_000_000  # that the lists of one evaluation take
LEAST_USERS = 200
MOST_SEEDS, MOST_EPOCHS = 20, 100


@dataclass(frozen=True, slots=True)
class DesignSettings:
    """The budget: so many passes over the same batches for each design and seed (seeds 0, 1, …).

    Raises ``SettingError`` (``setting.between``) for fewer than 1 of either, more than 20 seeds or 100 epochs.
    """

    seeds: int = 3
    epochs: int = 3

    def __post_init__(self) -> None:
        for (name, value), high in zip(asdict(self).items(), (MOST_SEEDS, MOST_EPOCHS), strict=True):
            require(1 <= value <= high, SettingError, "setting.between", name=name, low=1, high=high, value=value)


def training_settings(model: TrainedModel, settings: DesignSettings, seed: int) -> TrainingSettings:
    """Optimiser and rates of the model's own training, for these few epochs of small batches."""
    own = TrainingSettings.from_json(model.config["settings"])
    return TrainingSettings(
        seed=seed,
        epochs=settings.epochs,
        batch_size=min(own.batch_size, MOST_BATCH.get(model.task, MOST_LABELS)),
        learning_rate=own.learning_rate,
        ids=IdRegulation(0.1, 1e-3),
        sampling=SAMPLING,
        shape=own.shape,
    )


def n_evaluated(model: TrainedModel) -> int:
    """Test users whose lists are made: as many as fit, 200 at least."""
    return max(LEAST_USERS, SCORES // max(1, model.dataset.n_items))


def design_seconds(model: TrainedModel, settings: DesignSettings, n_designs: int, spent: list[float]) -> float:
    """About how long a comparison takes: as runs before took, else reckoned from the model's own training."""
    runs = n_designs * settings.seeds
    if spent:
        return runs * sum(spent) / len(spent)
    epochs = max(1, int(model.config["epochs"]))
    return runs * (settings.epochs * min(model.training.seconds / epochs, 8.0) / 3 + 1.0)
