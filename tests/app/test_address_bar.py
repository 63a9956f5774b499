"""The address bar: what it holds, what it names, what it writes, in a script of its own."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import registry
from dashboard.address_bar import AddressBar
from dashboard.parameters import FRAME, Parameter, among, opened
from dashboard.presentation.texts import catalogue


def script() -> None:
    """A page with a carried parameter, a bound one and a number (a script of its own: it sees no name of here)."""
    import streamlit as st

    from dashboard.address_bar import AddressBar
    from dashboard.parameters import Parameter, among, number

    size = Parameter("size", "control.bits", "1", bound=True, takes=among((1, 2)), problem="frame.setting_unknown")
    who = Parameter("who", "control.user", clears=("what",))
    bar = AddressBar((who, Parameter("what", "control.item")), {"page": (size, number("most", "compress.kb"))})
    bar.draw()
    st.segmented_control("size", (1, 2), default=1, required=True, key="size", bind="query-params")
    st.selectbox(
        "who", ("a", "b"), key=bar.picker("who", bar.known("who", "ab")), on_change=bar.choose_picked, args=("who",)
    )
    st.button("both", key="both", on_click=lambda: bar.choose(who="b", what="x"))
    st.button("level", key="level", on_click=lambda: bar.write({"size": 2}))
    st.json({key: bar.value(key) for key in bar.parameters} | {"number": bar.number("most", 5.0)})
    st.markdown("|".join(problem.text for problem in bar.problems("page")) or "none")
    st.markdown(str(bar.unknown("who", "ab")))
    bar.keep_unusable()


def opened_with(**query: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=20)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def held(app: AppTest) -> dict:
    import json

    return json.loads(app.json[0].value)


def test_values_are_those_of_the_address_or_what_its_controls_show():
    app = opened_with(who="a", what="x", most="3", size="2")
    assert held(app) == {"who": "a", "what": "x", "size": "2", "most": "3", "number": 3.0}
    assert [m.value for m in app.markdown] == ["none", "None"]
    assert held(opened_with()) == {"who": "", "what": "", "size": "1", "most": "", "number": None}


@pytest.mark.parametrize("most", ["-1", "7", "nan", "inf", "x"])
def test_a_number_outside_its_range_is_none(most):
    assert held(opened_with(most=most))["number"] is None


def test_what_is_no_value_is_named_and_stays():
    app = opened_with(who="z", size="9")
    assert [m.value.replace("\\", "") for m in app.markdown] == ["Bits 9 is not a level. Showing 1.", "z"]
    app.run()
    assert app.markdown[0].value.replace("\\", "") == "Bits 9 is not a level. Showing 1."
    assert held(app)["size"] == "1"


def test_choosing_writes_everything_together_and_clears_what_follows():
    app = opened_with(who="a", what="y")
    app.button(key="both").click().run()
    assert (held(app)["who"], held(app)["what"]) == ("b", "x")
    app.selectbox(key="pick_who").select("a").run()
    assert (held(app)["who"], held(app)["what"]) == ("a", "")
    app.button(key="level").click().run()
    assert held(app)["size"] == "2"


def test_one_key_is_declared_in_one_way():
    shared = opened("table", "explain.table")
    assert list(AddressBar(FRAME, {"a": (shared,), "b": (opened("table", "explain.table"),)}).parameters)[-1] == "table"
    with pytest.raises(ValueError, match="table"):
        AddressBar(FRAME, {"a": (shared,), "b": (Parameter("table"),)})
    assert among((1, 2))("2")
    assert not among((1, 2))("3")


def test_every_parameter_has_a_name_in_both_languages():
    declared = registry.address_bar().parameters.values()
    assert [p.key for p in declared if p.takes and not (p.name in catalogue("en") and p.name in catalogue("zh"))] == []
