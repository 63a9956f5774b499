"""Numbers, sizes, times and dates as a person reads them: three significant digits, thin spaces, a true minus."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime

THIN, MINUS = "\u202f", "\u2212"
UNKNOWN = "–"
SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "KB"))
SMALLEST_PLAIN = 1e-3


def count(n: float) -> str:
    """A whole number, grouped.

    >>> count(84213), count(-1200)
    ('84\u202f213', '\u22121\u202f200')
    """
    return f"{round(n):,}".replace(",", THIN).replace("-", MINUS)


def number(x: float | None, digits: int = 3) -> str:
    """Three significant digits; powers of ten only where plain digits would mislead.

    >>> number(0.8376), number(1234.6), number(12.0), number(3.1e-7), number(None)
    ('0.838', '1\u202f235', '12.0', '3e-7', '–')
    """
    if x is None or math.isnan(x):
        return UNKNOWN
    if x == 0:
        return "0"
    if abs(x) < SMALLEST_PLAIN:
        mantissa, power = f"{x:.0e}".split("e")
        return f"{mantissa}e{int(power)}".replace("-", MINUS, x < 0)
    if abs(x) >= 10 ** (digits - 1):
        return count(x)
    decimals = digits - 1 - math.floor(math.log10(abs(x)))
    return f"{x:.{min(decimals, 4)}f}".replace("-", MINUS)


def setting(x: float) -> str:
    """A number that somebody chose, without decimals where it is whole.

    >>> setting(400.0), setting(2.5), setting(0.0)
    ('400', '2.50', '0')
    """
    return count(x) if x == round(x) else number(x)


def fixed(x: float | None, decimals: int = 2) -> str:
    """A fixed number of decimals, for numbers that stand in a column or beside one another.

    >>> fixed(0.7312), fixed(-0.004), fixed(None)
    ('0.73', '0.00', '–')
    """
    if x is None or math.isnan(x):
        return UNKNOWN
    text = f"{x:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", MINUS)


def signed(x: float | None, decimals: int = 2) -> str:
    """With its sign, for differences and contributions.

    >>> signed(0.84), signed(-0.22), signed(0.0)
    ('+0.84', '\u22120.22', '0.00')
    """
    text = fixed(x, decimals)
    return text if x is None or math.isnan(x) or text.startswith(MINUS) or float(text) == 0 else f"+{text}"


def decimals_for(values: Iterable[float]) -> int:
    """Decimals that tell these values apart: two, three where all are below one tenth.

    >>> decimals_for([0.84, -0.22]), decimals_for([0.03, 0.002])
    (2, 3)
    """
    return 2 if max((abs(v) for v in values), default=1.0) >= 0.1 else 3


def percent(share: float | None, decimals: int = 0) -> str:
    """A share as a percentage.

    >>> percent(0.627), percent(0.0421, 1)
    ('63\u202f%', '4.2\u202f%')
    """
    return UNKNOWN if share is None or math.isnan(share) else f"{fixed(100 * share, decimals)}{THIN}%"


def size(n_bytes: float) -> str:
    """Bytes with the unit that fits (powers of ten).

    >>> size(118_000), size(90_868_376), size(12)
    ('118 KB', '90.9 MB', '12 B')
    """
    for unit, name in SIZES:
        if abs(n_bytes) >= unit:
            return f"{number(n_bytes / unit)} {name}"
    return f"{count(n_bytes)} B"


def short(n: float) -> str:
    """A large count in thousands or millions.

    >>> short(22_713_728), short(73_920), short(65)
    ('22.7 M', '73.9 K', '65')
    """
    for unit, name in ((1e6, "M"), (1e3, "K")):
        if abs(n) >= unit:
            return f"{number(n / unit)} {name}"
    return count(n)


def duration(seconds: float) -> str:
    """Seconds, or milliseconds below one tenth of a second.

    >>> duration(0.0082), duration(0.3), duration(155.4)
    ('8.2 ms', '0.30 s', '155 s')
    """
    if seconds < 0.1:
        return f"{number(1000 * seconds, 2)} ms"
    return f"{number(seconds, 2) if seconds < 10 else count(seconds)} s"


def date(unix_seconds: float, language: str = "en") -> str:
    """A day in the language's usual order.

    >>> date(1715500800), date(1715500800, "zh")
    ('12 May 2024', '2024年5月12日')
    """
    day = datetime.fromtimestamp(unix_seconds, UTC)
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else f"{day.day} {day:%b %Y}"


def day(unix_seconds: float) -> str:
    """A day as it stands in a table, the same width in every language.

    >>> day(1715500800)
    '2024-05-12'
    """
    return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d}"


def month(unix_seconds: float) -> str:
    """Year and month.

    >>> month(1715500800)
    '2024-05'
    """
    return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m}"
