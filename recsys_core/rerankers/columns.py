"""Columns of re-rankers: the groups of items or users that one looks at, or why it cannot."""

from __future__ import annotations

from recsys_core.errors import SettingError
from recsys_core.fairness import groupable_columns, make_grouping
from recsys_core.fairness.columns import find_column
from recsys_core.fairness.groups import Grouping
from recsys_core.models.split_dataset import SplitDataset


def groups_of(method: str, by: str, split_dataset: SplitDataset, *, side: str) -> Grouping:
    """The groups of a column (the first that has two groups where none is named).

    Raises ``RecLensError`` (``column.unknown``), ``SettingError``: ``rerank.side.item`` (or ``user``) for a column of
    the other side, ``rerank.one_group`` where it has one group only, ``rerank.no_column``.
    """
    dataset = split_dataset.dataset
    known = groupable_columns(dataset, side)
    if not by:
        return _first_of(method, known, split_dataset)
    column = find_column(dataset, by)
    if column.side != side:
        raise SettingError(f"rerank.side.{side}", method=method, column=column.key, known=", ".join(known))
    found = make_grouping(dataset, (column.key,), train=split_dataset.sequences())
    if len(found.groups) < 2:
        group = found.groups[0].label if found.groups else "-"
        raise SettingError("rerank.one_group", method=method, column=column.key, group=group)
    return found


def _first_of(method: str, names: tuple[str, ...], split_dataset: SplitDataset) -> Grouping:
    train = split_dataset.sequences()
    groupings = (make_grouping(split_dataset.dataset, (name,), train=train) for name in names)
    found = next((grouping for grouping in groupings if len(grouping.groups) > 1), None)
    if found is None:
        raise SettingError("rerank.no_column", method=method)
    return found


def require_validation(method: str, split_dataset: SplitDataset) -> None:
    """Raise ``SettingError`` (``rerank.no_validation``) where no user took anything in the validation part."""
    if not len(split_dataset.ranking("validation", most=1)):
        raise SettingError("rerank.no_validation", method=method)
