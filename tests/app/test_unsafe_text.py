"""What the address says is shown as text; what the data say, too: page_contract.py."""

from __future__ import annotations


def test_unknown_id_from_the_address_is_shown_as_text(open_app):
    app = open_app("explain", user="<script>alert(1)</script>**x**")
    assert not app.exception
    assert "<script>" not in app.warning[0].value
    assert "<script>alert(1)</script>**x**" in app.warning[0].value.replace("\\", "")
