"""Interactions in what a reason adds: which other reason's value decides it among pairs of similar own value."""

from __future__ import annotations

from collections import Counter

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.explain.player_values import Value, player_column
from recsys_core.explain.value_effects import GROUPED
from recsys_core.player import Player
from recsys_core.results.global_parts import Interaction

OWN_GROUPS, OTHER_GROUPS = 6, 5
NOTHING = 1e-9  # of the variance of the contributions: what is left is rounding


def interactions(dataset: Dataset, found: GlobalExplanation, player: Player) -> tuple[Interaction, ...]:
    r"""Every other reason by how much it decides what ``player`` adds at equal own value, the strongest first.

    What the own value explains by itself is taken off (the mean of each value; of a number a line in each sixth of the
    pairs). Of the spread that is left, the share that means over cells (own group by other's group) explain:

    .. math:: 1 - \frac{SS_{cells} / df_{cells}}{SS_{own} / df_{own}}

    the adjusted coefficient of determination (Ezekiel 1930), 0 where it is negative, so that many cells are no
    advantage. A contribution that is a function of its own value has no interaction, whatever it goes along with.

    Empty for reasons without values to group by (texts, ids).
    """
    own = _Groups.of(dataset, found, player, OWN_GROUPS)
    if own is None:
        return ()
    residual, n_parameters = _without_own_value(own, found.contributions[:, found.players.index(player)])
    found_shares = []
    for other in found.players:
        groups = None if other == player else _Groups.of(dataset, found, other, OTHER_GROUPS)
        if groups is not None:
            found_shares.append(Interaction(other, _share(residual, own.code, groups.code, n_parameters)))
    return tuple(sorted(found_shares, key=lambda i: -i.share))


class _Groups:
    """A reason's values over the pairs: ``code`` (n,) of few groups, ``numbers`` (n,) or ``values`` behind them."""

    def __init__(self, code: np.ndarray, values: list[Value], numbers: np.ndarray | None) -> None:
        self.code, self.values, self.numbers = code, values, numbers

    @classmethod
    def of(cls, dataset: Dataset, found: GlobalExplanation, player: Player, most: int) -> _Groups | None:
        """None for a reason that has no groups."""
        column = player_column(dataset, player)
        kind = "number" if player.is_history else column.kind if column is not None else ""
        values = found.values[player]
        if kind not in GROUPED:
            return None
        if kind != "number":
            return cls(_frequent(values, most), values, None)
        numbers = np.array([np.nan if v is None else v for v in values], dtype=float)
        return cls(_quantile_codes(numbers, most), values, numbers)


def _frequent(values: list[Value], most: int) -> np.ndarray:
    """Codes of the most frequent values; the others share the last one."""
    counted = Counter(values)
    often = sorted(counted, key=lambda v: (-counted[v], str(v)))
    place = {value: min(i, most - 1) for i, value in enumerate(often)}
    return np.array([place[value] for value in values], dtype=np.int64)


def _quantile_codes(numbers: np.ndarray, most: int) -> np.ndarray:
    """Codes of equally many pairs by value, equal values together; missing numbers are a group of their own."""
    known = np.isfinite(numbers)
    code = np.full(len(numbers), most, dtype=np.int64)
    if known.any():
        ordered = np.sort(numbers[known])
        cuts = np.unique([ordered[len(ordered) * k // most] for k in range(1, most)])
        code[known] = np.searchsorted(cuts, numbers[known], side="right")
    return code


def _without_own_value(own: _Groups, x: np.ndarray) -> tuple[np.ndarray, int]:
    """Contributions less what the own value explains ``(n,)``, and how many parameters that took."""
    residual, n_parameters = x.astype(float), 0
    if own.numbers is None:
        _, code = np.unique([str(v) for v in own.values], return_inverse=True)
        return residual - _means(residual, code)[code], int(code.max(initial=-1)) + 1
    for group in np.unique(own.code):
        rows = np.flatnonzero(own.code == group)
        value = own.numbers[rows] - own.numbers[rows].mean()
        spread = float(value @ value) if np.isfinite(value).all() else 0.0
        centred = residual[rows] - residual[rows].mean()
        slope = float(value @ centred) / spread if spread > 0 else 0.0
        residual[rows] = centred - slope * value if spread > 0 else centred
        n_parameters += 1 + (spread > 0)
    return residual, n_parameters


def _share(residual: np.ndarray, own: np.ndarray, other: np.ndarray, n_parameters: int) -> float:
    cells = np.unique(np.stack([own, other], 1), axis=0, return_inverse=True)[1].ravel()
    n_cells, n_own = int(cells.max(initial=-1)) + 1, len(np.unique(own))
    df_own = len(residual) - n_parameters
    df_cells = df_own - (n_cells - n_own)
    before = float(residual @ residual)
    rest = residual - _means(residual, cells)[cells]
    if df_cells < 1 or before <= NOTHING * len(residual):
        return 0.0
    return max(0.0, 1 - (float(rest @ rest) / df_cells) / (before / df_own))


def _means(x: np.ndarray, code: np.ndarray) -> np.ndarray:
    count = np.bincount(code)
    return np.bincount(code, weights=x) / np.maximum(count, 1)
