"""MovieLens 100K, 1M and latest, in the files GroupLens publishes (plain or packed with gzip)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_core.data.build_dataset import bare_frame, build_dataset, frame_of, make_interactions
from recsys_core.data.cells import (
    read_codes,
    read_ids,
    read_numbers,
    read_references,
    read_text,
    read_times,
    read_unique_ids,
)
from recsys_core.data.dataset import Dataset
from recsys_core.data.readers import TextFormat, read_delimited
from recsys_core.data.schema import Column, Schema
from recsys_core.data.tables import Table, find_file
from recsys_core.errors import phrase

LATIN = "ISO-8859-1"
RATINGS = ("user", "item", "rating", "time")
GENDERS = {"F": "female", "M": "male"}
AGES = {"1": "under 18", "18": "18-24", "25": "25-34", "35": "35-44", "45": "45-49", "50": "50-55", "56": "56+"}
OCCUPATIONS = (
    "other",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
)
ITEM_COLUMNS = (Column("title", "text"), Column("year", "number"), Column("genres", "set"))
GENDER, OCCUPATION, ZIP = Column("gender", "category", True), Column("occupation", "category"), Column("zip", "ignored")

# an article moved behind: "Matrix, The (1999)", "City of Lost Children, The (Cité des enfants perdus, La) (1995)"
_ARTICLES = "The|A|An|La|Le|Les|L'|Il|El|Der|Die|Das|Det|Den|De|Une|Un|Una|Los|Las|Lo|Gli|En|O|I"
_MOVED = re.compile(rf"(^|\((?:a\.k\.a\. )?)([^()]+), ({_ARTICLES})(?=\)| ?\(|$)")
_YEAR = re.compile(r"\((\d{4})(?:[-–]\d{0,4})?\)")


def import_100k(source: Path) -> Dataset:
    """MovieLens 100K: ``u.user``, ``u.item``, ``u.genre`` and ``u.data``; ages in years."""
    expected = phrase("expected.folder_of", name="MovieLens 100K", files="u.user, u.item, u.genre, u.data")
    people, films, genres, ratings = (
        read_delimited(find_file(source, file, expected=expected), replace(form, quoting=False))
        for file, form in {
            "u.user": TextFormat("|", LATIN, names=("id", "age", "gender", "occupation", "zip")),
            "u.item": TextFormat("|", LATIN, names=_item_fields()),
            "u.genre": TextFormat("|", names=("genre", "number")),
            "u.data": TextFormat("\t", names=RATINGS),
        }.items()
    )
    age = Column("age", "number", sensitive=True, unit="years")
    users = {
        "age": pd.Series(read_numbers(people, "age", low=0, high=130, optional=True)),
        "gender": read_codes(people, "gender", GENDERS),
        "occupation": read_text(people, "occupation"),
        "zip": read_text(people, "zip"),
    }
    items = _film_columns(films, _join_flags(films, genres), read_text(films, "released"))
    schema = Schema((age, GENDER, OCCUPATION, ZIP), ITEM_COLUMNS, "rating")
    return _build("MovieLens 100K", schema, (people, users), (films, items), ratings)


def _item_fields() -> tuple[str, ...]:
    return ("id", "title", "released", "video", "url", *(f"genre {i}" for i in range(19)))


def _join_flags(films: Table, genres: Table) -> pd.Series:
    """Genres joined by ``|`` from 19 columns of 0 and 1; the genre "unknown" counts as missing."""
    words = genres.columns["genre"].to_pylist()
    joined = np.full(films.n_rows, "", dtype=object)
    for number, word in enumerate(words[:19]):
        has = read_numbers(films, f"genre {number}", low=0, high=1) > 0
        if word != "unknown":
            joined[has] += f"|{word}"
    text = pd.Series(joined).str.removeprefix("|").astype("str")
    return text.mask(text == "")


def import_1m(source: Path) -> Dataset:
    """MovieLens 1M: ``users.dat``, ``movies.dat`` and ``ratings.dat``; codes are spelled out."""
    expected = phrase("expected.folder_of", name="MovieLens 1M", files="users.dat, movies.dat, ratings.dat")
    people, films, ratings = (
        read_delimited(
            find_file(source, file, expected=expected), TextFormat(delimiter="::", names=names, quoting=False, **how)
        )
        for file, names, how in (
            ("users.dat", ("id", "gender", "age", "occupation", "zip"), {}),
            ("movies.dat", ("id", "title", "genres"), {"encoding": LATIN}),
            ("ratings.dat", RATINGS, {}),
        )
    )
    age = Column("age", "ordered", sensitive=True, levels=tuple(AGES.values()))
    users = {
        "age": read_codes(people, "age", AGES),
        "gender": read_codes(people, "gender", GENDERS),
        "occupation": read_codes(people, "occupation", {str(i): word for i, word in enumerate(OCCUPATIONS)}),
        "zip": read_text(people, "zip"),
    }
    items = _film_columns(films, read_text(films, "genres"))
    schema = Schema((age, GENDER, OCCUPATION, ZIP), ITEM_COLUMNS, "rating")
    return _build("MovieLens 1M", schema, (people, users), (films, items), ratings)


def import_latest(source: Path) -> Dataset:
    """MovieLens latest (small or full): ``movies.csv`` and ``ratings.csv``; users without attributes."""
    expected = phrase("expected.folder_of", name="MovieLens latest", files="movies.csv, ratings.csv")
    films, ratings = (read_delimited(find_file(source, f"{n}.csv", expected=expected)) for n in ("movies", "ratings"))
    genres = read_text(films, "genres")
    items = _film_columns(films, genres.mask(genres == "(no genres listed)"))
    schema = Schema((), ITEM_COLUMNS, "rating", low=0.5)
    fields = ("userId", "movieId", "rating", "timestamp")
    return _build("MovieLens latest", schema, None, (films, items), ratings, item_id="movieId", fields=fields)


def _film_columns(films: Table, genres: pd.Series, released: pd.Series | None = None) -> dict[str, pd.Series]:
    """Readable title, year (of the title, else of the release) and genres of every film."""
    titles = read_text(films, "title")
    year = titles.map(find_year, na_action="ignore").astype(float)
    if released is not None:
        year = year.fillna(pd.to_numeric(released.str[-4:], errors="coerce"))
    return {"title": titles.map(readable_title, na_action="ignore").astype("str"), "year": year, "genres": genres}


def readable_title(title: str) -> str:
    """Put a moved article back in front.

    >>> readable_title("Matrix, The (1999)")
    'The Matrix (1999)'
    >>> readable_title("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
    'The City of Lost Children (La Cité des enfants perdus) (1995)'
    >>> readable_title("Avventura, L' (Adventure, The) (1960)")
    "L'Avventura (The Adventure) (1960)"
    """
    return _MOVED.sub(lambda m: f"{m[1]}{m[3]}{'' if m[3].endswith(chr(39)) else ' '}{m[2]}", " ".join(title.split()))


def find_year(title: str) -> float | None:
    """Year of the last bracket that holds one, None without.

    >>> find_year("2001: A Space Odyssey (1968)"), find_year("Cosmos")
    (1968.0, None)
    """
    years = _YEAR.findall(title)
    return float(years[-1]) if years else None


def _build(
    name: str,
    schema: Schema,
    people: tuple[Table, dict[str, pd.Series]] | None,
    films: tuple[Table, dict[str, pd.Series]],
    ratings: Table,
    *,
    item_id: str = "id",
    fields: tuple[str, ...] = RATINGS,
) -> Dataset:
    user, item, rating, time = fields
    if people is None:
        users, other = bare_frame("user_id", read_ids(ratings, user)), ""
    else:
        users, other = frame_of("user_id", read_unique_ids(people[0], "id"), people[1]), people[0].file
    items = frame_of("item_id", read_unique_ids(films[0], item_id), films[1])
    interactions = make_interactions(
        read_references(ratings, user, users["user_id"], other),
        read_references(ratings, item, items["item_id"], films[0].file),
        read_numbers(ratings, rating, low=schema.low, high=schema.high),
        read_times(ratings, time),
    )
    return build_dataset(name, schema, (users, items, interactions), source=ratings, value_column=rating)
