"""What changing a feature and training again can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "retrain.name": "{name!r} cannot name the new model: it is empty or taken. Names and ids taken: {taken}.",
    "retrain.nothing": "nothing is changed; leave a column out, keep it for audits only, or bucket a number.",
    "retrain.column": "there is no column {column!r} that a model may read; there are: {known}.",
    "retrain.both_sides": "users and items both have a column {column!r}; say which: {known}.",
    "retrain.no_feature": "column {column} is not read by any model already; the others are: {known}.",
    "retrain.twice": "two things are to happen to column {column}; say one of them.",
    "retrain.form": "{text!r} says no buckets; write COLUMN=EDGE,EDGE with numbers, such as user.age=30,50.",
    "retrain.no_number": "column {column} is no number, so it cannot be bucketed.",
    "retrain.ascending": "the edges of {column} must be numbers in ascending order, got {edges}.",
    "retrain.empty_bucket": "no row of {column} lies in the bucket {bucket}; choose edges between its values.",
}
