"""One reason at a time for many pairs at once: what each score loses when a single reason comes from the background."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.factorised import FactorisedGames
from recsys_core.models.scorer import Pairs, Scorer


def losses_without(scorer: Scorer, pairs: Pairs, background: Pairs) -> np.ndarray:
    """Occlusion of every pair ``(n, n_players)``, in the order of ``scorer.features.players``, logits.

    ``contribution_i = score - mean_b v_b(all but i)``, as the method ``occlusion`` gives it for one pair; the history
    is one reason. A network row for each reason that differs from a background row, so a list of ten costs little.
    """
    games = FactorisedGames(scorer, pairs, background)
    out = np.zeros(games.differs.shape[::2])
    for batch in games.large_batches(0, lambda n_active: n_active + 1):
        n = batch.n_players
        masks = np.concatenate([np.ones((1, n), dtype=bool), ~np.eye(n, dtype=bool)])
        values = games.batch_values(batch, np.broadcast_to(masks, (len(batch.pair), *masks.shape)))
        losses = games.weights[batch.row][:, None] * (values[:, :1] - values[:, 1:])
        np.add.at(out, (batch.pair[:, None], batch.active), losses)
    return out
