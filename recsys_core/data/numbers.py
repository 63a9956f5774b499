"""Numbers as people and programs write them (1.234,50 €, $1,250.00, 12 %, 1e6); a column has one form."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CODES = (
    *("EUR", "USD", "GBP", "CHF", "CNY", "RMB", "JPY", "INR", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK"),
    *("HUF", "RON", "RUB", "UAH", "TRY", "BRL", "MXN", "ZAR", "KRW", "HKD", "SGD", "TWD", "THB", "IDR", "VND", "ILS"),
    *("US$", "A$", "C$", "R$", "HK$", "NT$", "S$", "Rs", "Rs.", "kr", "kr.", "zł", "Kč", "Ft", "元", "円"),
)
_SIGN = "|".join(re.escape(code) for code in sorted(_CODES, key=len, reverse=True))
_DECORATED = re.compile(
    rf"(?P<minus>[-+\u2212(]?)\s*(?P<before>{_SIGN}|[^\d\s.,()+-])?\s*(?P<inner>[-+\u2212]?)"
    rf"(?P<digits>[\d.,'\u2019 \u00a0\u202f\u2009]*\d[.,]?)(?P<power>[eE][+-]?\d+)?"
    rf"\s*(?P<after>{_SIGN}|[^\d\s.,()+-])?\s*(?P<end>\)?)",
    re.IGNORECASE | re.ASCII,
)
_BLANKS = str.maketrans("", "", "'\u2019 \u00a0\u202f\u2009")
_GROUPED = re.compile(r"\d{1,3}(['\u2019 \u00a0\u202f\u2009]\d{3})+([.,]\d+)?", re.ASCII)
_PERCENT = "%％"


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column's numbers and how they were read.

    Attributes
    ----------
    values
        float64, NaN where the cell is no number (a missing one included).
    decimal
        What stands before the fraction: ``.`` or ``,``.
    is_sure
        False where nothing in the column tells thousands from decimals (``1,234`` and the like alone).
    sign
        The currency or per cent sign of the column, empty without. A cell with another one is no number.
    """

    values: np.ndarray
    decimal: str = "."
    is_sure: bool = True
    sign: str = ""


def parse_numbers(cells: pa.Array, decimal: str | None = None) -> Numbers:
    """Each cell as a finite number; ``decimal`` None finds out what stands before the fraction.

    ``0x10``, ``1_000``, ``inf`` and ``12 kg`` are no numbers.
    """
    if decimal is None or decimal == ".":
        try:
            values = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)
            return Numbers(np.where(np.isfinite(values), values, np.nan))
        except pa.ArrowInvalid:  # some cell is no plain number: look at each
            pass
    codes = pc.dictionary_encode(cells)
    parts = [_parts(cell) for cell in codes.dictionary.to_pylist()]
    counts = np.bincount(codes.indices.to_numpy(), minlength=len(parts))
    found, is_sure = (decimal, True) if decimal else _find_decimal(parts, counts)
    sign = _common_sign(parts, counts)
    values = np.array([_value(part, found, sign) for part in parts], dtype=np.float64)
    return Numbers(values[codes.indices.to_numpy()] if len(parts) else np.empty(0), found, is_sure, sign)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A cell taken apart: digits with separators (groups set apart by blanks joined), sign, currency."""

    digits: str
    negative: bool
    sign: str
    power: str


def _parts(cell: str) -> _Parts | None:
    if PLAIN.fullmatch(cell):
        number, _, power = cell.lower().partition("e")
        return _Parts(number.lstrip("+-"), number.startswith("-"), "", power)
    match = _DECORATED.fullmatch(cell)
    if match is None or (match["minus"] == "(") != (match["end"] == ")") or (match["inner"] and match["minus"]):
        return None
    signs = {sign.strip() for sign in (match["before"], match["after"]) if sign and sign.strip()}
    if len(signs) > 1 or not all(_is_sign(sign) for sign in signs):
        return None
    digits = match["digits"].strip()
    bare = digits.translate(_BLANKS)
    if bare != digits and not _GROUPED.fullmatch(digits):
        return None
    negative = match["minus"] in ("-", "\u2212", "(") or match["inner"] in ("-", "\u2212")
    return _Parts(bare, negative, next(iter(signs), ""), (match["power"] or "")[1:])


def _is_sign(sign: str) -> bool:
    return sign in _PERCENT or unicodedata.category(sign[-1]) == "Sc" or sign.lower() in map(str.lower, _CODES)


def _common_sign(parts: list[_Parts | None], counts: np.ndarray) -> str:
    """The sign that most of the cells with one carry; 5 € and 5 $ are not to be compared."""
    found: Counter[str] = Counter()
    for part, count in zip(parts, counts, strict=True):
        if part is not None and part.sign:
            found[part.sign] += int(count)
    return found.most_common(1)[0][0] if found else ""


def _find_decimal(parts: list[_Parts | None], counts: np.ndarray) -> tuple[str, bool]:
    """What stands before the fraction, by the cells that can be read in one way only; else the point.

    Without such a cell ``1.234`` is what programs write for a fraction, and ``1,234`` is unsure.
    """
    votes, commas = {".": 0, ",": 0}, 0
    for part, count in zip(parts, counts, strict=True):
        if part is not None:
            commas += "," in part.digits
            if told := _telling(part):
                votes[told] += int(count)
    if votes["."] or votes[","]:
        return (",", True) if votes[","] > votes["."] else (".", True)
    return ".", not commas


def _telling(part: _Parts) -> str:
    """The decimal sign that this cell can have alone: ``1,5`` and ``1.234,50`` a comma, ``1,234`` either (empty).

    >>> [_telling(_Parts(d, False, "", "")) for d in ("1,5", "1.234,50", "1,234", "1.234", "0,123", "1,234,567")]
    [',', ',', '', '', ',', '.']
    """
    digits = part.digits
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return ""
    mark, other = digits[last], "." if digits[last] == "," else ","
    whole, fraction = digits[:last], digits[last + 1 :]
    if mark in whole:  # twice: it sets thousands apart, or this is no number
        return other if _is_grouped(digits, mark) else ""
    if other in whole or part.power or len(fraction) != 3 or len(whole) > 3 or whole in ("", "0"):
        return mark
    return ""


def _value(part: _Parts | None, decimal: str, sign: str) -> float:
    if part is None or (part.sign and part.sign != sign):
        return np.nan
    group = "," if decimal == "." else "."
    whole, _, fraction = part.digits.partition(decimal)
    if group in fraction or decimal in fraction or not _is_grouped(whole, group):
        return np.nan
    number = float(f"{whole.replace(group, '')}.{fraction}e{part.power or 0}")
    if not np.isfinite(number):
        return np.nan
    return -number if part.negative else number


def _is_grouped(whole: str, group: str) -> bool:
    """Whether thousands are set apart as they should: 1,234 and 12,34,567 (lakh), not 1,2."""
    first, *rest = whole.split(group)
    return not rest or (1 <= len(first) <= 3 and all(len(r) in (2, 3) for r in rest[:-1]) and len(rest[-1]) == 3)
