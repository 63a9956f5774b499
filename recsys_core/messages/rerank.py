"""What re-rankers can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "rerank.side.item": "{method} looks at a column of items, and {column} is one of users; there are: {known}.",
    "rerank.side.user": "{method} looks at a column of users, and {column} is one of items; there are: {known}.",
    "rerank.no_column": "{method} has no column with two groups to look at.",
    "rerank.one_group": "{method} cannot change anything: {column} has one group only, {group}.",
    "rerank.columns": "{count} {count|column was|columns were} given for {methods}; give one for all, or one for each.",
    "rerank.no_validation": "{method} cannot learn anything: no user took an item in the validation part.",
    "rerank.no_probability": "{method} decides by probabilities, and a model that predicts ratings has none.",
    "rerank.too_few_pairs": (
        "{method} cannot change anything: fewer than two groups of {column} have {least} validation pairs "
        "of each outcome."
    ),
}
