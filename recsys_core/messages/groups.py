"""Groups of users and items: how columns are asked for, and what is said of too many values."""

MESSAGES = {
    "fairness.edges": (
        "{text!r} are no edges of {column}: write up to 100 finite numbers in ascending order, such as 30/50, "
        "each the smallest number of the next group."
    ),
    "fairness.parts": "{text!r} are no values of {column}: write up to 100, with / between them (%2F for one inside).",
    "fairness.value": "no row of {column} has the value {value!r}.",
    "fairness.note.rest": (
        "column {column} has too many values: its {alone} most frequent are groups of their own, "
        "the rarer ones of {count} {count|row|rows} share one. Any value can be asked for by name: {column}=VALUE."
    ),
    "fairness.note.cells": (
        "{columns} make {count} {count|group|groups} together: the largest {alone} are shown, all others share one."
    ),
}
