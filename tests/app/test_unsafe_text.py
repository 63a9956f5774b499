"""Titles and names with Markdown or HTML are shown as text on every page."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from app_texts import texts_of

from recsys_core.data.dataset import Dataset
from recsys_core.models.artifact import write_checksums

NASTY = "<img src=x onerror=alert(1)> **big** [link](http://x.y) $z$ :red[r]"


@pytest.fixture
def nasty(workspaces, tmp_path):
    """A copy of the workspace in which every title and every name is an attack."""
    folder = tmp_path / "nasty"
    shutil.copytree(workspaces, folder)
    dataset = Dataset.load(folder / "tiny" / "dataset")
    dataset.items[dataset.schema.item_title] = [f"{NASTY} {i}" for i in range(dataset.n_items)]
    dataset.users[dataset.schema.user_name] = [f"{NASTY} {i}" for i in range(dataset.n_users)]
    dataset.write_into(folder / "tiny" / "dataset")
    about = json.loads((folder / "tiny" / "workspace.json").read_text())
    (folder / "tiny" / "workspace.json").write_text(json.dumps(about | {"name": "<b>shop</b>"}))
    write_checksums(folder / "tiny")
    sums = json.loads((folder / "tiny" / "models" / "first" / "checksums.json").read_text())
    assert sums
    return folder


@pytest.mark.parametrize("page", ["overview", "explain", "global"])
def test_text_from_data_is_shown_as_text(open_app, nasty, page):
    app = open_app(page, folder=nasty, user="3")
    assert not app.exception
    assert not app.error
    for element in app.markdown:
        assert not element.proto.allow_html
        value = element.value
        for raw in ("<img", "**big**", "[link]", "$z$", ":red[r]"):
            assert not re.search(rf"(?<!\\){re.escape(raw)}", value), f"unescaped: {value}"
    if page == "explain":
        assert NASTY.split()[0] in "\n".join(texts_of(app))


def test_unknown_id_from_the_address_is_shown_as_text(open_app):
    app = open_app("explain", user="<script>alert(1)</script>**x**")
    assert not app.exception
    assert "<script>" not in app.warning[0].value
    assert "<script>alert(1)</script>**x**" in app.warning[0].value.replace("\\", "")
