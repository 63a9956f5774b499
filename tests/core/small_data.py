"""Small tables and datasets that tests can spell out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, Schema

USERS = """user_id,name,age,gender
u1,Anna,34,female
u2,Ben,51,male
u3,Cleo,27,female
"""
ITEMS = """item_id,title,price,category
a,Red lamp,12.5,light
b,"Chair, folding",40,seat
c,Blue lamp,15,light
d,Stool,22,seat
"""
CLICKS = "user_id,item_id,time,outcome\n" + "".join(
    f"u{1 + i % 3},{'abcd'[i // 3]},{1700000000 + i},{i % 2}\n" for i in range(12)
)
RATINGS = "user_id,item_id,timestamp,rating\n" + "".join(
    f"u{1 + i % 3},{'abcd'[i // 3]},{1700000000 + i},{1 + i % 5}\n" for i in range(12)
)
SHOP = {"users.csv": USERS, "items.csv": ITEMS, "interactions.csv": CLICKS}

# in the formats of MovieLens, but no line of it: the real files may not be passed on
ML_100K = {
    "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n",
    "u.item": "".join(
        f"{i}|{title}|{date}||http://x/|" + "|".join("01"[g == i % 3] for g in range(19)) + "\n"
        for i, title, date in (
            (1, "Matter, The (1995)", "01-Jan-1995"),
            (2, "Caf\xe9 (1996)", "02-Feb-1997"),
            (3, "x", ""),
        )
    ),
    "u.genre": "".join(f"{'unknown' if i == 0 else f'Genre{i}'}|{i}\n" for i in range(19)) + "\n",
    "u.data": "".join(f"{1 + i % 2}\t{1 + i % 3}\t{1 + i % 5}\t{881250949 + i}\n" for i in range(12)),
}
ML_1M = {
    "users.dat": "1::F::1::10::48067\n2::M::56::4::70072\n",
    "movies.dat": "1::Matter, The (1995)::Drama|War\n2::Caf\xe9 (1996)::Comedy\n3::Sea (2000)::War\n",
    "ratings.dat": "".join(f"{1 + i % 2}::{1 + i % 3}::{1 + i % 5}::{978300760 + i}\n" for i in range(12)),
}
ML_LATEST = {
    "movies.csv": 'movieId,title,genres\r\n1,"Matter, The (1995)",Drama|War\r\n2,Cosmos,(no genres listed)\r\n',
    "ratings.csv": "userId,movieId,rating,timestamp\r\n"
    + "".join(f"{1 + i % 3},{1 + i % 2},{0.5 + i % 9 / 2},{964982703 + i}\r\n" for i in range(12)),
}
# in the form of the Amazon reviews of 2018, and no record of it
AMAZON = {
    "Toys_5.json": "".join(
        f'{{"overall": {1 + i % 5}.0, "verified": true, "reviewerID": "A{1 + i % 3}", "asin": "B00{i // 2 % 3}", '
        f'"style": {{"Size:": " L"}}, "reviewText": "Nice,\\n\\"very\\" nice", "unixReviewTime": {1500000000 + i}}}\n'
        for i in range(12)
    ),
    "meta_Toys.json": "".join(
        json.dumps(record) + "\n"
        for record in (
            {
                "asin": "B000",
                "title": " Ball &amp; <b>Bat</b>",
                "brand": "by\n    \n    Toyco",
                "main_cat": '<img src="x.png" class="c" alt="Toys &amp; Games" />',
                "price": "$1,250.00",
                "category": ["Toys", "Balls", "</span>", "Toys", "Made of leather, by hand."],
                "also_buy": [],
                "details": {"ASIN: ": "B000"},
            },
            {"asin": "B000", "title": "Ball again", "brand": "", "price": "", "category": []},
            {"asin": "B001", "title": "Café set", "brand": "", "price": ".a-box-inner{background-color:#fff}"},
            {"asin": "B777", "title": "Never reviewed", "brand": "", "price": "$10.00 - $25.00", "category": ["Toys"]},
        )
    ),
}
SOURCES = {
    "tables": SHOP,
    "movielens-100k": ML_100K,
    "movielens-1m": ML_1M,
    "movielens-latest": ML_LATEST,
    "amazon-reviews": AMAZON,
}


def encode(file: str, text: str) -> bytes:
    latin = file in ("u.item", "u.user", "movies.dat")
    return text.encode("ISO-8859-1" if latin else "UTF-8")


def write_tables(folder: Path, files: dict[str, str | bytes | None]) -> Path:
    """Write the files (``.gz`` names packed, None left out) and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        if content is not None:
            data = encode(file, content) if isinstance(content, str) else content
            (folder / file).write_bytes(gzip.compress(data) if file.endswith(".gz") else data)
    return folder


def make_dataset(
    rows: list[tuple[int, int, float, int]],
    *,
    outcome: str = "rating",
    n_users: int | None = None,
    has_time: bool = True,
) -> Dataset:
    """A dataset of (user_index, item_index, value, time); ids are ``u0``, ``i0`` and so on."""
    user, item, value, time = (np.array(column) for column in zip(*rows, strict=True))
    n_users, n_items = n_users or int(user.max()) + 1, int(item.max()) + 1
    users = pd.DataFrame({"user_id": pd.Series([f"u{i}" for i in range(n_users)], dtype="str")})
    titles = pd.Series([f"Item {i}" for i in range(n_items)], dtype="str")
    items = pd.DataFrame({"item_id": pd.Series([f"i{i}" for i in range(n_items)], dtype="str"), "title": titles})
    interactions = pd.DataFrame(
        {
            "user_index": user.astype(np.int32),
            "item_index": item.astype(np.int32),
            "value": value.astype(np.float32),
            "time": time.astype(np.int64),
        }
    )
    schema = Schema((), (Column("title", "text"),), outcome, has_time=has_time)
    return Dataset("small", schema, users, items, interactions)


def warned(dataset: Dataset) -> dict[str, dict]:
    return dict(dataset.warnings)


def item_table(rows: list[list[int]], n_items: int) -> csr_array:
    """Items of each user as a sparse table of True, in the order and as often as they stand in ``rows``."""
    start = np.cumsum([0, *map(len, rows)])
    items = np.array([item for row in rows for item in row], dtype=int)
    return csr_array((np.ones(len(items), dtype=bool), items, start), shape=(len(rows), n_items))
