"""The search for the worst-served subgroups, and gaps within strata."""

MESSAGES = {
    "subgroups.metric": "subgroups cannot be searched by {metric!r}; take one of {known}.",
    "subgroups.columns": "subgroups are made of columns of users, and {column} is none.",
    "subgroups.nobody": "nobody has a figure of {metric}, so there is no subgroup to search for.",
    "strata.by": "a gap within strata needs groups; say --by COLUMN beside --within.",
    "strata.users": "a gap is looked at within strata of users, and {column} is of items.",
    "strata.no_gap": "{column}: fewer than two groups have {least} users or more, so there is no gap to look at.",
    "strata.metric": "there is no gap of {metric!r} between two groups; take one of {known}.",
}
