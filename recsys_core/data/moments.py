"""Times as programs and people write them: the form and the unit are found for a whole column, or asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.numbers import parse_numbers

LATEST = 4102444800  # 2100-01-01
EARLIEST_GUESS = 100_000_000  # March 1973; smaller numbers are no unix seconds unless the mapping says so
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}
EXCEL, EXCEL_START = "excel", 25569  # days since 1899-12-30, of which 1970-01-01 is the 25,569th
TIME_UNITS = (*UNITS, EXCEL)
_COMPACT = {  # digits: form, and the years in which such numbers are taken for dates
    4: ("%Y", 1900, 2100),
    6: ("%Y%m", 1900, 2100),
    8: ("%Y%m%d", 1900, 2100),
    10: ("%Y%m%d%H", 1990, 2035),
    12: ("%Y%m%d%H%M", 1900, 2100),
    14: ("%Y%m%d%H%M%S", 1900, 2100),
}
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f")
_DATES = {  # month first and day first are told apart by the whole column
    "/": ("%m/%d/%Y", "%d/%m/%Y"),
    "-": ("%m-%d-%Y", "%d-%m-%Y"),
    ".": ("%d.%m.%Y",),
    " ": ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%m %d, %Y"),
}
_OTHERS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S%z",
    "%a %b %d %H:%M:%S %z %Y",
    "%a %b %d %H:%M:%S %Y",
)
_TRIED = 200  # cells on which a form is tried before the whole column is read


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """A column's times.

    Attributes
    ----------
    seconds
        Unix seconds (float64), NaN where the cell cannot be read.
    form
        How it was read: a unit (``ms``), a form (``%d/%m/%Y``), ``iso``, or empty where nothing fits.
    also
        Another form that fits the whole column as well (``%m/%d/%Y``): only a person can tell.
    """

    seconds: np.ndarray
    form: str = ""
    also: str = ""


def parse_times(cells: pa.Array, *, form: str = "", unit: str = "") -> Moments:
    """Unix seconds of a column whose cells all are of one form.

    Parameters
    ----------
    form
        A form of ``strptime`` (``%d/%m/%Y``), where it is known.
    unit
        One of ``TIME_UNITS``, where it is known; a year such as 1970 then is what the person wants.

    Notes
    -----
    Without either: whole numbers that all are dates (20200913, 202009, 2020, 20200913143000) are dates;
    others are seconds, milli-, micro- or nanoseconds or a spreadsheet's days, by their size, and
    numbers too small for a date of our time are not read at all. Texts are ISO 8601 or one of the
    usual forms; a time without a zone is UTC.
    """
    if form:
        return Moments(_by_form(cells, form), form)
    if unit:
        return Moments(_by_unit(parse_numbers(cells, ".").values, unit), unit)
    if np.isfinite(parse_numbers(cells[:_TRIED], ".").values).mean() > 0.5:
        return _from_numbers(cells, parse_numbers(cells, ".").values)
    return _from_texts(cells)


def _by_unit(numbers: np.ndarray, unit: str) -> np.ndarray:
    return (numbers - EXCEL_START) * UNITS["days"] if unit == EXCEL else numbers * UNITS[unit]


def _by_form(cells: pa.Array, form: str) -> np.ndarray:
    """Seconds by a form of ``strptime``, NaN where a cell is of another."""
    texts = pd.Series(pd.array(cells, dtype="str"))
    try:
        stamps = pd.to_datetime(texts, format="ISO8601" if form == "iso" else form, utc=True, errors="coerce")
    except (ValueError, TypeError):  # a form that strptime does not know
        return np.full(len(texts), np.nan)
    seconds = stamps.dt.as_unit("s").astype("int64").to_numpy().astype(np.float64)
    return np.where(stamps.isna().to_numpy(), np.nan, seconds)


def _from_numbers(cells: pa.Array, numbers: np.ndarray) -> Moments:
    """Compact dates where all cells are such, else the unit that fits most cells; the others stay unread."""
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers)) & (numbers > 0)
    n_digits = len(f"{int(np.median(numbers[whole]))}") if whole.any() else 0
    if whole.all() and n_digits in _COMPACT:
        form, first, last = _COMPACT[n_digits]
        if ((numbers >= first * 10.0 ** (n_digits - 4)) & (numbers < (last + 1) * 10.0 ** (n_digits - 4))).all():
            plain = pc.cast(pa.array(numbers.astype(np.int64)), pa.large_string())
            seconds = _by_form(plain, form)
            if np.isfinite(seconds).all():
                return Moments(seconds, form)
    for unit in ("s", "ms", "us", "ns", EXCEL):
        seconds = _by_unit(numbers, unit)
        fits = (seconds >= EARLIEST_GUESS) & (seconds < LATEST)
        if fits.mean() > 0.5:
            return Moments(np.where(fits, seconds, np.nan), unit)
    return Moments(np.full(len(numbers), np.nan))


def _from_texts(cells: pa.Array) -> Moments:
    """ISO 8601 or the first usual form that all cells are of; where none is, the one that most are of."""
    cells = pc.replace_substring_regex(cells, r" ?(UTC|GMT)$", "Z")
    some = cells[:_TRIED]
    iso = _by_form(some, "iso")
    best, most = "iso", float(np.isfinite(iso).mean())
    for form in _forms(cells):
        fitting = float(np.isfinite(_by_form(some, form)).mean())
        if fitting > most:
            best, most = form, fitting
    if not most:
        return Moments(np.full(len(cells), np.nan))
    other = _swapped(best)
    seconds = _by_form(cells, best)
    if not other:
        return Moments(seconds, best)
    swapped = _by_form(cells, other)
    if np.isfinite(swapped).sum() > np.isfinite(seconds).sum():
        return Moments(swapped, other)
    return Moments(seconds, best, other if np.isfinite(swapped).all() else "")


def _forms(cells: pa.Array) -> list[str]:
    """Forms worth a try, by what the first cell holds."""
    first = cells[0].as_py()  # of a refused column, too: the caller has checked that it has cells
    dates = [form for mark, forms in _DATES.items() if mark in first for form in forms]
    return [date + clock for date in (*dates, *_OTHERS[:4]) for clock in _CLOCKS] + list(_OTHERS[4:])


def _swapped(form: str) -> str:
    """The same form with day and month the other way round; empty where it is told by more than their place.

    >>> _swapped("%m/%d/%Y %H:%M"), _swapped("%d.%m.%Y"), _swapped("%Y/%m/%d")
    ('%d/%m/%Y %H:%M', '', '')
    """
    for mark in "/-":
        month, day = _DATES[mark]
        for this, that in ((month, day), (day, month)):
            if form.startswith(this):
                return that + form[len(this) :]
    return ""
