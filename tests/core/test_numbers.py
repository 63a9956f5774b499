"""Numbers and times as people write them: values by hand, round trips, and what is no number or time."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.data.moments import parse_times
from recsys_core.data.numbers import parse_numbers
from recsys_core.data.tables import TEXT

NAN = float("nan")


def texts(*cells: str) -> pa.Array:
    return pa.array(cells, TEXT)


@pytest.mark.parametrize(
    ("cells", "values", "decimal", "sign"),
    [
        (["55,68", "3,52"], [55.68, 3.52], ",", ""),
        (["1.234,50 €", "2 €"], [1234.5, 2], ",", "€"),
        (["1.234", "2.500", "1.200,50"], [1234, 2500, 1200.5], ",", ""),
        (["$1,250.00", "$3"], [1250, 3], ".", "$"),
        (["1,234,567", "2"], [1234567, 2], ".", ""),
        (["12 %", "3.5%"], [12, 3.5], ".", "%"),
        (["EUR 12,50", "EUR 1.000,00"], [12.5, 1000], ",", "EUR"),
        (["1 234,5", "1\u202f000,25"], [1234.5, 1000.25], ",", ""),
        (["1'234.50", "3"], [1234.5, 3], ".", ""),
        (["(3.5)", "\u22122", "-€1"], [-3.5, -2, -1], ".", "€"),
        (["5 €", "6 €", "7 $"], [5, 6, NAN], ".", "€"),  # amounts of two currencies are not to be compared
        (["1e3", ".5", "5.", "+4"], [1000, 0.5, 5, 4], ".", ""),
        (["1,2,3", "12,34", "x"], [NAN, 12.34, NAN], ",", ""),
        (["0x10", "1_000", "inf", "nan", "12 kg", "50-60", "2020-01-01", "12:30", "1e999"], [NAN] * 9, ".", ""),
    ],
)
def test_numbers_by_hand(cells: list[str], values: list[float], decimal: str, sign: str) -> None:
    found = parse_numbers(texts(*cells))
    np.testing.assert_array_equal(found.values, values)
    assert (found.decimal, found.sign, found.is_sure) == (decimal, sign, True)


def test_thousands_or_decimals_is_unsure_and_the_mapping_decides() -> None:
    cells = texts("1,234", "12,500")
    assert (parse_numbers(cells).values.tolist(), parse_numbers(cells).is_sure) == ([1234, 12500], False)
    assert parse_numbers(cells, ",").values.tolist() == [1.234, 12.5]
    assert parse_numbers(cells, ",").is_sure
    assert parse_numbers(texts("1.234"), ".").values.tolist() == [1.234]
    assert parse_numbers(texts("1.234"), ",").values.tolist() == [1234]


AMOUNTS = st.lists(st.decimals(-(10**7), 10**7, places=2, allow_nan=False), min_size=1, max_size=6)


@settings(deadline=None)
@given(AMOUNTS, st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", "")]), st.sampled_from("€$%"))
def test_amounts_written_in_any_form_come_back(amounts, form, sign) -> None:
    decimal, group = form
    plain = [f"{x:,.2f}".replace(",", "G").replace(".", decimal).replace("G", group) for x in amounts]
    found = parse_numbers(texts(*(f"{cell} {sign}" for cell in plain)))
    np.testing.assert_array_equal(found.values, [float(x) for x in amounts])
    assert (found.sign, found.is_sure) == (sign, True)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_programs_numbers_come_back_exactly(numbers) -> None:
    np.testing.assert_array_equal(parse_numbers(texts(*map(repr, numbers))).values, numbers)
    cells = [*map(repr, numbers), "no number"]  # one word among them, so each is looked at by itself
    np.testing.assert_array_equal(parse_numbers(texts(*cells)).values, [*numbers, NAN])


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1))
def test_any_text_is_a_finite_number_or_none(cells) -> None:
    values = parse_numbers(texts(*cells)).values
    assert len(values) == len(cells)
    assert not np.isinf(values).any()


HALF_PAST = datetime(2020, 9, 13, 13, 30, tzinfo=UTC)
SECONDS = HALF_PAST.timestamp()
MIDNIGHT = datetime(2020, 9, 13, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("cell", "form", "seconds"),
    [
        (f"{SECONDS:.0f}", "s", SECONDS),
        (f"{SECONDS:.0f}.25", "s", SECONDS + 0.25),
        (f"{SECONDS:.0f}000", "ms", SECONDS),
        (f"{SECONDS:.0f}000000", "us", SECONDS),
        (f"{SECONDS:.0f}000000000", "ns", SECONDS),
        ("44087", "excel", MIDNIGHT),
        ("44087.5625", "excel", SECONDS),
        ("20200913", "%Y%m%d", MIDNIGHT),
        ("202009131330", "%Y%m%d%H%M", SECONDS),
        ("20200913133000", "%Y%m%d%H%M%S", SECONDS),
        ("202009", "%Y%m", datetime(2020, 9, 1, tzinfo=UTC).timestamp()),
        ("2020", "%Y", datetime(2020, 1, 1, tzinfo=UTC).timestamp()),
        ("2020-09-13T15:30:00+02:00", "iso", SECONDS),
        ("2020-09-13 13:30:00 UTC", "iso", SECONDS),
        ("2020-09-13", "iso", MIDNIGHT),
        ("9/13/2020 1:30:00 PM", "%m/%d/%Y %I:%M:%S %p", SECONDS),
        ("13/09/2020 13:30", "%d/%m/%Y %H:%M", SECONDS),
        ("13.09.2020", "%d.%m.%Y", MIDNIGHT),
        ("09 13, 2020", "%m %d, %Y", MIDNIGHT),
        ("Sun, 13 Sep 2020 13:30:00 GMT", "%a, %d %b %Y %H:%M:%S%z", SECONDS),
        ("Sun Sep 13 13:30:00 +0000 2020", "%a %b %d %H:%M:%S %z %Y", SECONDS),
    ],
)
def test_times_by_hand(cell: str, form: str, seconds: float) -> None:
    found = parse_times(texts(cell, cell))
    assert (found.form, found.also, found.seconds.tolist()) == (form, "", [seconds, seconds])


@pytest.mark.parametrize("cells", [["1", "53", "12"], ["14102100", "14102101"], ["86400", "0"], ["soon", "later"]])
def test_numbers_that_are_no_time_of_ours_are_not_read(cells: list[str]) -> None:
    assert np.isnan(parse_times(texts(*cells)).seconds).all()


def test_what_the_mapping_says_of_times_counts() -> None:
    assert parse_times(texts("14102100"), form="%y%m%d%H").seconds.tolist() == [1413849600]
    assert parse_times(texts("3"), unit="days").seconds.tolist() == [3 * 86400]
    assert parse_times(texts("20200913"), unit="s").seconds.tolist() == [20200913]
    assert np.isnan(parse_times(texts("2020-09-13"), form="%d/%m/%Y").seconds).all()
    assert np.isnan(parse_times(texts("2020-09-13"), form="%Q nonsense %%%").seconds).all()


def test_day_and_month_are_told_by_the_whole_column_or_not_at_all() -> None:
    assert parse_times(texts("01/02/2020", "13/02/2020")).form == "%d/%m/%Y"
    assert parse_times(texts("01/02/2020", "02/13/2020")).form == "%m/%d/%Y"
    open_to_both = parse_times(texts("01/02/2020", "03/04/2020"))
    assert {open_to_both.form, open_to_both.also} == {"%d/%m/%Y", "%m/%d/%Y"}
    far = ["01/02/2020"] * 500 + ["13/02/2020"]
    assert parse_times(texts(*far)).form == "%d/%m/%Y"


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(200_000_000, 4_000_000_000), min_size=1, max_size=20),
    st.sampled_from(["s", "ms", "us", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%d%H%M%S", "%d.%m.%Y %H:%M:%S", "%d %b %Y %H:%M:%S"]),
)
def test_times_written_in_one_form_come_back(times: list[int], form: str) -> None:
    powers = {"s": 1, "ms": 10**3, "us": 10**6}
    if form in powers:
        cells = [str(t * powers[form]) for t in times]
    else:
        cells = [datetime.fromtimestamp(t, UTC).strftime(form) for t in times]
    np.testing.assert_array_equal(parse_times(texts(*cells)).seconds, times)
