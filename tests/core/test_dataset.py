"""Dataset: three tables that fit together, or none."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from explain_model import tiny_dataset

from recsys_core.data.dataset import Dataset

DATASET = tiny_dataset()


def changed(frame: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    copy = frame.copy()
    copy.loc[copy.index[-1], column] = value
    return copy


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"users": DATASET.users.drop(columns="age")}, r"users lack the columns \['age'\]"),
        ({"items": DATASET.items.drop(columns=["title", "item_id"])}, r"items lack the columns \['item_id', 'title'\]"),
        ({"interactions": DATASET.interactions.drop(columns="time")}, r"interactions lack the columns \['time'\]"),
        ({"users": changed(DATASET.users, "user_id", "u0")}, "user_id holds a value twice"),
        ({"items": changed(DATASET.items, "item_id", "i0")}, "item_id holds a value twice"),
        ({"interactions": changed(DATASET.interactions, "user_index", 12)}, "user_index points outside the 12 users"),
        ({"interactions": changed(DATASET.interactions, "item_index", -1)}, "item_index points outside the 20 items"),
    ],
)
def test_tables_that_do_not_fit_together_are_no_dataset(tables, said):
    with pytest.raises(ValueError, match=said):
        replace(DATASET, **tables)


def test_a_log_without_rows_is_a_dataset():
    assert isinstance(replace(DATASET, interactions=DATASET.interactions[:0]), Dataset)
