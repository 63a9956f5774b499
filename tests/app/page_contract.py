"""What every page is held to: it opens, follows its address, names what is no value, and shows text as text.

A page's tests inherit `PageContract`; ``test_page_contract.py`` does so for every page of the registry.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl

from app_texts import texts_of

from dashboard import registry

NOT_CHECKED = {"both", "within", "bytes_of"}  # kept as they are: an item or a range that is not there shows nothing
NASTY = "<img src=x onerror=alert(1)> **big** [link](http://x.y) $z$ :red[r]"


def link_of(app) -> dict[str, str]:
    """Parameters of the page's own link."""
    app.session_state["link"] = True
    app.session_state["download"] = True
    app.run()
    link = next(d["text"] for e in app.get("bidi_component") if "copied" in (d := json.loads(e.proto.json)))
    return dict(parse_qsl(link.split("?")[1]))


class PageContract:
    """Tests of one page; ``name`` is its address, ``values`` one value of each parameter it declares."""

    name: str
    values: dict[str, str]

    @property
    def parameters(self) -> list[str]:
        return list(registry.address_bar().of_page[self.name])

    def test_it_restores_every_parameter_for_eight_bits_of_a_second_model(self, open_app, two_models: Path) -> None:
        assert set(self.values) == set(self.parameters), "one value of each declared parameter"
        said = {"model": "second", "bits": "8", "sparsity": "50", "distill": "16", "user": "3"}
        said |= {key: value for key, value in self.values.items() if value}
        app = open_app(self.name, two_models, **said)
        assert not app.exception
        assert [w.value for w in app.warning] == []
        assert any(text.startswith("# ") for text in texts_of(app)), "a page starts with its question"
        assert app.selectbox(key="pick_model").value == "second"
        assert any("student of width 16" in text for text in texts_of(app)), "the badge says every setting"
        drawn = link_of(app)
        assert {key: drawn.get(key) for key in said} == said
        kinds = {element.proto.label for element in app.get("download_button")}
        files = {kind for kind in kinds if not kind.endswith("(PNG)")}
        assert files in ({"Table (CSV)", "Everything (JSON)"}, set() if self.name in ("fairness", "global") else None)

    def test_what_is_no_value_is_named_in_chinese_too_and_stays(self, open_app) -> None:
        checked = [key for key in self.parameters if key not in NOT_CHECKED]
        wrong = {key: f"no-{key.replace('_', '-')}" for key in (*checked, "pruning", "distill", "bits", "user")}
        app = open_app(self.name, lang="zh", **wrong)
        assert not app.exception
        assert any(re.search(r"^# .*[\u4e00-\u9fff]", text) for text in texts_of(app))
        warnings = "\n".join(w.value.replace("\\", "") for w in app.warning)
        drawn = {key for key in wrong if wrong[key] in warnings}
        assert {"pruning", "distill", "bits", "user"} <= drawn
        bound = {key for key, p in registry.address_bar().of_page[self.name].items() if p.bound}
        assert bound <= drawn
        app.run()
        assert "\n".join(w.value.replace("\\", "") for w in app.warning) == warnings

    def test_without_a_workspace_and_with_a_broken_one_it_says_what_to_do(self, open_app, broken, tmp_path) -> None:
        app = open_app(self.name, tmp_path)
        assert any("No workspace yet" in text for text in texts_of(app))
        assert "recsys_core" in app.code[0].value
        app = open_app(self.name, broken, workspace="broken")
        assert not app.exception
        assert "model.safetensors" in app.error[0].value.replace("\\", "")

    def test_text_from_data_is_shown_as_text(self, open_app, nasty: Path) -> None:
        app = open_app(self.name, nasty, user="3")
        assert not app.exception
        for element in app.markdown:
            assert not element.proto.allow_html
            for raw in ("<img", "**big**", "[link]", "$z$", ":red[r]"):
                assert not re.search(rf"(?<!\\){re.escape(raw)}", element.value), f"unescaped: {element.value}"
