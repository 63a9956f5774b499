"""What a search for the smallest change can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "counterfactual.no_candidate": "{title!r} was met before, so it is no candidate for the list.",
    "counterfactual.not_listed": "{title!r} is not in the top {k} (rank {rank}), so nothing has to take it off.",
    "counterfactual.listed": "{title!r} is in the top {k} already (rank {rank}).",
    "counterfactual.no_history": "user {user} has no history, so nothing can be taken off it.",
    "counterfactual.short_list": (
        "{title!r} cannot leave the top {k}: only {n} {n|item is a candidate|items are candidates}."
    ),
    "counterfactual.no_removal": (
        "no removal was found that takes {title!r} out of the top {k}; the furthest down it came from rank {before} "
        "was rank {rank}, without {n} of {all} {all|item|items} of the history."
    ),
    "counterfactual.unmoved": (
        "{title!r} stays at rank {rank} or better whatever was tried to be taken off: the history is not why it is "
        "in the top {k}."
    ),
    "counterfactual.no_change": (
        "no allowed change was found that brings {title!r} into the top {k}; the best was rank {rank} with {change}."
    ),
    "counterfactual.no_values": "{columns} may take no other value than now, so nothing can change.",
    "change.form": (
        "{text!r} does not say what may change; write COLUMN, COLUMN=LOW:HIGH for a number, or COLUMN=a|b, "
        "with user.COLUMN or item.COLUMN, several with commas between."
    ),
    "change.range": "{column} cannot lie between {low} and {high}; say the lower end first.",
    "change.text": "{column} holds words, which cannot be tried one by one; try another text on the What-if page.",
    "change.twice": "{column} is named twice; say it once.",
    "change.no_columns": "no column may change; allow at least one.",
}
