"""Amazon product reviews in the files that UCSD publishes: one JSON object a line, editions 2018 and 2023."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.build_dataset import Warnings, bare_frame, build_dataset, frame_of, make_interactions
from recsys_core.data.cells import read_ids, read_numbers, read_references
from recsys_core.data.dataset import Dataset
from recsys_core.data.moments import LATEST
from recsys_core.data.readers import read_records
from recsys_core.data.schema import Column, Schema
from recsys_core.data.tables import PACKINGS, Table
from recsys_core.errors import DataError, phrase

NAME = "Amazon reviews"
FILES = "Gift_Cards_5.json.gz, meta_Gift_Cards.json.gz"  # as they are called in one category of many
_SUFFIXES = tuple(f"{kind}{packing}" for kind in (".json", ".jsonl", ".ndjson") for packing in PACKINGS)
_PRICE = re.compile(r"\$?\s*(\d[\d,]*(?:\.\d+)?)")
_NO_PRICE = ("", "None", "—", "-")
_TAG, _ALT = re.compile(r"<[^>]*>?"), re.compile(r'<img[^>]*\balt="([^"]*)"[^>]*>?')
_LONGEST_CATEGORY = 50  # letters; what is longer was scraped from the product's list of features
_SHOWN, _SHOWN_LETTERS = 3, 30


@dataclass(frozen=True, slots=True)
class Edition:
    """What an edition calls its fields; times are so many to the second."""

    user: str
    item: str
    rating: str
    time: str
    per_second: int
    brand: str
    department: str
    categories: str


EDITIONS = (
    Edition("reviewerID", "asin", "overall", "unixReviewTime", 1, "brand", "main_cat", "category"),
    Edition("user_id", "parent_asin", "rating", "timestamp", 1000, "store", "main_category", "categories"),
)
ITEM_COLUMNS = (
    Column("title", "text"),
    Column("brand", "category"),
    Column("price", "number", unit="$"),
    Column("department", "category"),
    Column("categories", "set"),
)


def import_amazon(source: Path) -> Dataset:
    """One category: ``*_5.json.gz`` or ``*.jsonl.gz`` with its ``meta_*`` file, packed or not.

    Products without a review in the file are left out: the selection of reviews (the 5-core) has left
    them out, so nobody can tell whether they were tried. Users have no attributes, and images and
    texts of reviews are not read.
    """
    reviews, meta = _find_files(source)
    fields = [name for e in EDITIONS for name in (e.user, e.item, e.rating, e.time)]
    log = read_records(reviews, fields)
    edition = next((e for e in EDITIONS if e.user in log.columns), EDITIONS[0])
    items, warnings = _read_items(meta, edition, read_ids(log, edition.item))
    users = bare_frame("user_id", read_ids(log, edition.user))
    interactions = make_interactions(
        read_references(log, edition.user, users["user_id"], ""),
        read_references(log, edition.item, items["item_id"], ""),
        read_numbers(log, edition.rating, low=1, high=5),
        _read_times(log, edition),
    )
    schema = Schema((), ITEM_COLUMNS, "rating")
    frames = (users, items, interactions)
    return build_dataset(NAME, schema, frames, source=log, value_column=edition.rating, warnings=warnings)


def _read_times(log: Table, edition: Edition) -> np.ndarray:
    """Unix seconds (int64)."""
    numbers = read_numbers(log, edition.time, low=0, high=float(LATEST * edition.per_second))
    return (numbers // edition.per_second).astype(np.int64)


def _find_files(source: Path) -> tuple[Path, Path | None]:
    """The reviews and, where there is one, the metadata of the one category in a folder."""
    files = [p for p in sorted(source.iterdir()) if p.is_file() and p.name.lower().endswith(_SUFFIXES)]
    metas = {_category(p): p for p in files if p.name.lower().startswith("meta_")}
    reviews = [p for p in files if p not in metas.values()]
    reviews = [p for p in reviews if "_5." in p.name] or reviews
    if not reviews:
        expected = phrase("expected.folder_of", name=NAME, files=FILES)
        raise DataError("table.missing", file="*_5.json.gz", folder=source, expected=expected)
    if len(reviews) > 1:
        names = ", ".join(p.name for p in reviews[:5])
        raise DataError("table.several_sets", folder=source, count=len(reviews), names=names)
    only = next(iter(metas.values())) if len(metas) == 1 else None
    return reviews[0], metas.get(_category(reviews[0]), only)


def _category(path: Path) -> str:
    """``Gift_Cards`` of ``Gift_Cards_5.json.gz`` and of ``meta_Gift_Cards.json.gz``."""
    stem = path.name.partition(".")[0].lower()
    return stem.removeprefix("meta_").removeprefix("reviews_").removesuffix("_5")


def _read_items(meta: Path | None, edition: Edition, reviewed: pa.Array) -> tuple[pd.DataFrame, Warnings]:
    """Reviewed products with what the metadata tell of them; the first of repeated records counts."""
    ids = pc.unique(reviewed)
    if meta is None:
        return frame_of("item_id", ids, _columns(None, edition, len(ids))), []
    names = {e.item for e in EDITIONS} | {"title", "price"}
    names |= {name for e in EDITIONS for name in (e.brand, e.department, e.categories)}
    products = read_records(meta, names)
    where = pc.index_in(ids, value_set=read_ids(products, edition.item))
    found = Table(products.file, {c: pc.take(v, where) for c, v in products.columns.items()}, np.arange(len(ids)))
    columns = _columns(found, edition, len(ids))
    n_products = len(pc.unique(products.cells(edition.item)))
    n_known = len(ids) - where.null_count
    warnings: Warnings = []
    if n_products > n_known:
        counts = {"file": meta.name, "count": n_products - n_known, "of": n_products}
        warnings.append(("warning.products_left_out", counts))
    return frame_of("item_id", ids, columns), warnings + _unread_prices(products)


def _columns(products: Table | None, edition: Edition, n: int) -> dict[str, pd.Series]:
    """The attributes of each product, cleaned; missing where there is none."""

    def cells(name: str) -> list[str | None]:
        found = products.columns.get(name) if products else None
        return [None] * n if found is None else found.to_pylist()

    def texts(values: list[str | None]) -> pd.Series:
        return pd.Series([v or None for v in values], dtype="str")

    return {
        "title": texts([_clean(v) for v in cells("title")]),
        "brand": texts([_clean(v).removeprefix("by ") for v in cells(edition.brand)]),
        "price": pd.Series([_price(v) for v in cells("price")], dtype=float),
        "department": texts([_clean(_ALT.sub(r"\1", v or "")) for v in cells(edition.department)]),
        "categories": texts([_categories(v) for v in cells(edition.categories)]),
    }


def _clean(text: str | None) -> str:
    """Text without tags, with entities spelled out and single blanks.

    >>> _clean("  Cooking &amp; <b>Fo</b>od")
    'Cooking & Food'
    """
    return " ".join(html.unescape(_TAG.sub("", text or "")).split())


def _price(text: str | None) -> float:
    """Dollars, NaN where there is none or where something else was scraped.

    >>> _price("$1,250.00"), _price(".a-box-inner{background-color:#fff}")
    (1250.0, nan)
    """
    found = _PRICE.fullmatch(_clean(text))
    return float(found[1].replace(",", "")) if found else np.nan


def _unread_prices(products: Table) -> Warnings:
    """How many prices of the file hold something else than an amount, with examples."""
    if "price" not in products.columns:
        return []
    cells = products.columns["price"].to_pylist()
    bad = [cell for cell in cells if cell not in _NO_PRICE and np.isnan(_price(cell))]
    if not bad:
        return []
    examples = ", ".join(dict.fromkeys(repr(" ".join(c.split())[:_SHOWN_LETTERS]) for c in bad[:_SHOWN]))
    counts = {
        "side": phrase("side.items"),
        "column": "price",
        "count": len(bad),
        "of": len(cells),
        "examples": examples,
    }
    return [("warning.cells_unreadable", counts)]


def _categories(joined: str | None) -> str:
    """Values joined by ``|``, without tags and sentences that were scraped along.

    >>> _categories("Gift Cards|Gift Cards|</span>|No expiration, no fees.")
    'Gift Cards'
    """
    parts = [_clean(part) for part in (joined or "").split("|")]
    kept = [part for part in parts if part and len(part) <= _LONGEST_CATEGORY and not part.endswith(".")]
    return "|".join(dict.fromkeys(kept))
