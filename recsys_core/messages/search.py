"""What the search over mending and compression settings can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "stage.search.begin": "measuring the full model",
    "stage.search.evolution": "search: variant {at} of {n}",
    "stage.search.grid": "the grid beside it: variant {at} of {n}",
    "search.items": (
        "{column} is a column of items; the gap that a search makes small is one between users. Choose a "
        "column of users."
    ),
    "search.interrupted": (
        "interrupted; {n} {n|evaluation is|evaluations are} kept, start again with --resume for the others."
    ),
    "search.nobody": "No test user has held-out items to rank, so there is no quality to search for.",
    "search.groups": (
        "{column} has no two groups of test users that are large enough to be compared. Columns that have: {known}."
    ),
    "search.parts": (
        "Here a column is compared by the groups it has of itself; {column} names groups of its own. Take {whole}."
    ),
    "search.no_figure": "{variant} has no gap or no reasons to compare.",
    "search.anew.none": "No search is kept for this model, so this one began from the start.",
    "search.anew.column": (
        "The search that is kept for this model is by another column, so this one began from the start."
    ),
    "search.anew.model": "The search that is kept is of another model or other data, so this one began from the start.",
    "search.anew.seed": "The search that is kept has another seed, so this one began from the start.",
    "search.anew.settings": (
        "The models or settings to choose from are others than those of the search that is kept, so this one "
        "began from the start; what is measured already is not measured again."
    ),
}
