"""Training defaults: the settings of a task at a size, and how long a history is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys_core.data.history import LENGTH
from recsys_core.models.objective import IdRegulation
from recsys_core.models.ranker import RankerShape
from recsys_core.models.sequence_objective import SequenceSampling
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings

FEW_ROWS = 250_000
VERY_FEW_ROWS = 8_000  # of labels: an epoch is too few steps to tell by, and training goes on for more of them ...
MOST_PASSES = 6.0  # ... at most so many times as many
VERY_FEW_POSITIVES, MOST_PASSES_OF_POSITIVES = 4_000, 3.0  # the same of task ``implicit``
SHORT_HISTORY, LONG_HISTORY = 20, 150


def history_length(task: str, kind: str, n_interactions: int) -> int:
    """Items of history that a ranker reads: 50.

    20 for labels on large data, where attention is most of a pass; 150 for ``implicit`` under the ``random``
    split, whose history has no newest items, so that a short one is a sample of the user's taste.
    """
    if task == "implicit":
        return LONG_HISTORY if kind == "random" else LENGTH
    return SHORT_HISTORY if n_interactions > 2 * FEW_ROWS else LENGTH


def default_settings(split_dataset: SplitDataset, *, seed: int, epochs: int | None = None) -> TrainingSettings:
    """Settings by task and size; measured on MovieLens and the sample (docs/figures.md). ``epochs`` caps the passes."""
    n_rows = len(split_dataset.split.train)
    if split_dataset.task == "implicit":
        passes = float(np.clip(VERY_FEW_POSITIVES / max(n_rows, 1), 1, MOST_PASSES_OF_POSITIVES))
        settings = TrainingSettings(
            seed=seed,
            batch_size=16_384,
            learning_rate=6e-3,
            epochs=round(12 * passes),
            patience=round(6 * passes),
            ids=IdRegulation(0.1, 1e-3),
            shape=RankerShape(first=64, second=32),
        )
        if n_rows > FEW_ROWS:  # there so short a training underfits: less is hidden
            shape = replace(settings.shape, input_dropout=0.05, dropout=0.1)
            sampling = SequenceSampling(negatives=100, a_target=8, most=300_000)
            settings = replace(settings, sampling=sampling, shape=shape, ids=IdRegulation(0.1, 1e-4))
    elif n_rows <= FEW_ROWS:
        batch = int(np.clip(2 ** round(np.log2(max(n_rows, 1) / 125)), 64, 1024))
        shape = RankerShape(width=16, attention=16, input_dropout=0.1, dropout=0.1)
        passes = float(np.clip(VERY_FEW_ROWS / max(n_rows, 1), 1, MOST_PASSES))
        epochs_at_most, patience = round(7 * passes), round(4 * passes)
        settings = TrainingSettings(seed=seed, batch_size=batch, epochs=epochs_at_most, patience=patience, shape=shape)
    else:  # ids learn by heart from so many rows: the recipe is strong dropout on the concatenated embeddings
        settings = TrainingSettings(seed=seed, epochs=20, shape=RankerShape(input_dropout=0.4))
    return replace(settings, epochs=min(epochs, settings.epochs)) if epochs else settings
