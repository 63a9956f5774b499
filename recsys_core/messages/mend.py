"""What mending a model can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "mend.nothing": "no mending is asked for; name a method.",
    "mend.twice": "method {method} is said twice; say it once.",
    "mend.strengths": "re-rankings that are chained share one strength, got {strengths}.",
    "mend.user_column": "{method} looks at groups of users, and {column} is no column of users.",
    "mend.item_column": "{method} looks at groups of items, and {column} is no column of items.",
    "mend.one_group": (
        "{column} has fewer than two groups of {least} users or more in training (small ones pooled): "
        "no mending by it can change anything."
    ),
    "mend.no_negatives": (
        "distrust needs negatives that were recorded, and task {task} has none; it is for logged clicks (task like)."
    ),
    "mend.half": ("a column is left out or it is not: leave-out takes strength 0 or 1, got {strength} for {column}."),
    "mend.not_read": "the model reads no feature of {column} already: leaving it out cannot change anything.",
    "mend.unchanged": "strength 0 changes nothing: no model was trained.",
    "mend.distrusted": (
        "negatives of {group} count less, {items}: validation holds {observed} positives of this group where the model "
        "expects {expected}."
    ),
    "mend.distrusted_unclear": (
        "negatives of {group} count less, {items}, but validation gives no clear reason to distrust any group: "
        "it holds {observed} positives of this one where the model expects {expected}."
    ),
    "mend.all_items": "those of all items",
    "mend.some_items": "those of items whose {column} is {values}",
}
