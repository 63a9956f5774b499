"""Sources of every importer and of every shape of tables, small enough to be trained on in a second.

Each is a function that writes its files into a folder and returns what ``import`` and ``train`` are told.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

N_USERS, N_ITEMS, N_ROWS = 70, 50, 1400
START = 1_600_000_000


@dataclass(frozen=True)
class Source:
    """What is imported and how it is trained; ``reasons`` are keys that must be among the reasons."""

    path: Path
    format: str = "tables"
    train: tuple[str, ...] = ()
    reasons: frozenset[str] = frozenset()


def pairs(seed: int = 5) -> list[tuple[int, int, int]]:
    """User, item and time of the interactions: a long tail of items, each pair once, three tastes."""
    rng = random.Random(seed)
    drawn = {}
    for _ in range(N_ROWS):
        user = rng.randrange(N_USERS)
        item = min(int(rng.paretovariate(0.7)) % N_ITEMS, N_ITEMS - 1)
        drawn[user, (item + 17 * (user % 3)) % N_ITEMS] = None
    return [(user, item, START + 977 * at) for at, (user, item) in enumerate(drawn)]


def stars(user: int, item: int) -> int:
    return 1 + (user * 7 + item * 3 + (user % 3 == item % 3) * 2) % 5


def title(item: int) -> str:
    return f"{('red lamp', 'blue chair', 'old book', 'green tea')[item % 4]} {item}"


def tables(folder: Path, *, users: dict | None = None, items: dict | None = None, values: dict | None = None) -> Path:
    """CSV tables in the sample's column names; ``users`` and ``items`` map a column to a function of the row."""
    folder.mkdir(parents=True)
    for name, columns, n in (("user", users, N_USERS), ("item", items, N_ITEMS)):
        if columns is not None:
            frame = {f"{name}_id": [f"{name[0]}{k}" for k in range(n)]}
            frame |= {column: [cell(k) for k in range(n)] for column, cell in columns.items()}
            pd.DataFrame(frame).to_csv(folder / f"{name}s.csv", index=False)
    rows = pairs()
    frame = {"user_id": [f"u{u}" for u, _, _ in rows], "item_id": [f"i{i}" for _, i, _ in rows]}
    frame |= {column: [cell(*row) for row in rows] for column, cell in (values or RATED).items()}
    pd.DataFrame(frame).to_csv(folder / "interactions.csv", index=False)
    return folder


RATED = {"time": lambda u, i, t: t, "rating": lambda u, i, t: stars(u, i)}
CLICKED = {"time": lambda u, i, t: t, "outcome": lambda u, i, t: int((u * 5 + i + (u % 3 == i % 3) * 3) % 7 > 4)}
PEOPLE = {"age": lambda k: 20 + k % 50, "city": lambda k: ("Ulm", "Köln", "北京")[k % 3]}
THINGS = {"title": title, "kind": lambda k: "abc"[k % 3], "price": lambda k: f"{5 + k % 9}.50"}


def movielens_100k(folder: Path) -> Source:
    folder.mkdir()
    flags = ["|".join("01"[g == i % 6 + 1] for g in range(19)) for i in range(N_ITEMS)]
    lines = {
        "u.user": [
            f"{u + 1}|{20 + u % 40}|{'MF'[u % 2]}|{('nurse', 'writer')[u % 2]}|{10000 + u}" for u in range(N_USERS)
        ],
        "u.item": [f"{i + 1}|{title(i)} (199{i % 9})|01-Jan-199{i % 9}||http://x/|{flags[i]}" for i in range(N_ITEMS)],
        "u.genre": [*(f"{'unknown' if g == 0 else f'Genre{g}'}|{g}" for g in range(19)), ""],
        "u.data": [f"{u + 1}\t{i + 1}\t{stars(u, i)}\t{t}" for u, i, t in pairs()],
    }
    for name, text in lines.items():
        (folder / name).write_text("\n".join(text) + "\n", encoding="latin-1")
    return Source(folder, "movielens-100k", reasons=frozenset({"user.age", "user.gender"}))


def movielens_1m(folder: Path) -> Source:
    folder.mkdir()
    lines = {
        "users.dat": [f"{u + 1}::{'MF'[u % 2]}::{(1, 18, 25)[u % 3]}::{u % 20}::{10000 + u}" for u in range(N_USERS)],
        "movies.dat": [f"{i + 1}::{title(i)} (199{i % 9})::{('Drama', 'Comedy|War')[i % 2]}" for i in range(N_ITEMS)],
        "ratings.dat": [f"{u + 1}::{i + 1}::{stars(u, i)}::{t}" for u, i, t in pairs()],
    }
    for name, text in lines.items():
        (folder / name).write_text("\n".join(text) + "\n", encoding="latin-1")
    return Source(folder, "movielens-1m", ("--task", "like"), frozenset({"user.age", "item.genres"}))


def movielens_latest(folder: Path) -> Source:
    folder.mkdir()
    movies = [
        {"movieId": i + 1, "title": f"{title(i)} (1999)", "genres": "Drama|War"[: 5 + 4 * (i % 2)]}
        for i in range(N_ITEMS)
    ]
    ratings = [
        {"userId": u + 1, "movieId": i + 1, "rating": stars(u, i) - 0.5 * (i % 2), "timestamp": t}
        for u, i, t in pairs()
    ]
    pd.DataFrame(movies).to_csv(folder / "movies.csv", index=False, lineterminator="\r\n")
    pd.DataFrame(ratings).to_csv(folder / "ratings.csv", index=False, lineterminator="\r\n")
    return Source(folder, "movielens-latest", ("--split", "random"))


def amazon_reviews(folder: Path) -> Source:
    folder.mkdir()
    reviews = [
        {
            "reviewerID": f"A{u}",
            "asin": f"B{i:03}",
            "overall": float(stars(u, i)),
            "unixReviewTime": t,
            "reviewText": "x",
        }
        for u, i, t in pairs()
    ]
    prices = ("$12.50", "", "$1,250.00", ".a-box { color: red }")
    meta = [
        {"asin": f"B{i:03}", "title": f"{title(i)} &amp; more", "price": prices[i % 4], "brand": "XYZ"[i % 3],
         "category": ["Gifts", f"Kind {i % 3}"]}
        for i in range(N_ITEMS)
    ]  # fmt: skip
    for name, rows in (("Things_5.json.gz", reviews), ("meta_Things.json.gz", meta)):
        (folder / name).write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    return Source(folder, "amazon-reviews", reasons=frozenset({"item.brand"}))


ODD_IDS = (
    "a b",
    "c:d",
    "e;f",
    "g|h",
    "i=j",
    "k%41",
    "😀",
    "007",
    "07",
    "<b>x</b>",
    "**y**",
    "$z$",
    '"q"',
    "a,b",
    "new",
)


def odd_ids(folder: Path) -> Source:
    """Ids that hold the signs of addresses, of Markdown and of CSV; the last user's, too."""
    tables(folder, users=PEOPLE, items=THINGS)
    of_user = dict(zip([f"u{N_USERS - 1 - k}" for k in range(N_USERS)], ODD_IDS, strict=False))
    of_item = dict(zip([f"i{k}" for k in range(N_ITEMS)], ODD_IDS, strict=False))
    for file in folder.iterdir():
        pd.read_csv(file).replace({"user_id": of_user, "item_id": of_item}).to_csv(file, index=False)
    return Source(folder, reasons=frozenset({"user.age"}))


def _shape(reasons: set[str] = frozenset(), train: tuple[str, ...] = (), **parts) -> Callable[[Path], Source]:
    return lambda folder: Source(tables(folder, **parts), train=train, reasons=frozenset(reasons))


AWKWARD = {
    "users": {
        "id": lambda k: "xyz"[k % 3],
        "a.b": lambda k: "pq"[k % 2],
        "a__b": lambda k: "rst"[k % 3],
        "x, y": lambda k: ("(missing)", "", "(all)")[k % 3],
        "user": lambda k: k % 7,
        "²": lambda k: "①②"[k % 2],
    },
    "items": {
        "title": title,
        "item": lambda k: "abc"[k % 3],
        "when": lambda k: "de"[k % 2],
        "without": lambda k: k % 9,
        "<b>": lambda k: "<script>alert(1)</script>"[: 8 + k % 3],
    },
}

SOURCES: dict[str, Callable[[Path], Source]] = {
    "movielens-100k": movielens_100k,
    "movielens-1m": movielens_1m,
    "movielens-latest": movielens_latest,
    "amazon-reviews": amazon_reviews,
    "clicks": _shape({"user.age", "item.kind"}, users=PEOPLE, items=THINGS, values=CLICKED),
    "ratings as the task": _shape({"user.age"}, ("--task", "rating"), users=PEOPLE, items=THINGS),
    "no users file": _shape({"item.kind"}, items=THINGS),
    "users with a name only": _shape({"item.kind"}, users={"name": lambda k: f"Person {k}"}, items=THINGS),
    "items with a title only": _shape({"user.age", "user.city"}, users=PEOPLE, items={"title": title}),
    "no items file": _shape({"user.age"}, ("--task", "like"), users=PEOPLE),
    "interactions alone": _shape(),
    "interactions without time and value": _shape(values={"note": lambda u, i, t: "x"}),
    "awkward names": _shape({"user.id", "user.a.b", "user.a__b", "item.item", "item.when"}, **AWKWARD),
    "odd ids": odd_ids,
    "a maker an item": _shape({"user.age"}, users=PEOPLE, items={"title": title, "maker": lambda k: f"maker {k}"}),
    "empty columns": _shape(
        {"user.age"}, users=PEOPLE | {"gone": lambda k: ""}, items=THINGS | {"same": lambda k: "x"}
    ),
}
