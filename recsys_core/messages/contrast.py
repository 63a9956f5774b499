"""What contrasts of items and of lists can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "contrast.nothing_listed": "this user has seen every item, so there is no list to look at.",
    "contrast.no_others": (
        "all {n} {n|item|items} that this user has not seen {n|is|are} on the list, so nothing is left to compare it"
        " with; take a shorter one (k)."
    ),
    "contrast.no_neighbour": "there is no other item that could be recommended to this user; name one (--against).",
    "contrast.no_item": "name the item to be looked at (--item), or ask for what the list has in common (--common).",
}
