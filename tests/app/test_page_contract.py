"""Every page of the registry under the contract of pages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from app_texts import texts_of
from page_contract import NASTY, PageContract
from safetensors.numpy import load_file, save_file

from dashboard import registry
from dashboard.cached import explain as cached_explain
from dashboard.presentation.texts import numbers
from dashboard.workspaces import workspace_ref
from recsys_core.data.dataset import Dataset
from recsys_core.models.artifact import write_checksums
from recsys_core.models.model_store import ModelStore
from recsys_core.variant import ModelVariant

VALUES = {
    "overview": {
        "groups": "region", "columns_read": "true", "retrain": "true",
        "other_model": "",  # needs two models: test_retrain_card.py
    },
    "explain": {
        "method": "occlusion", "history": "each", "order": "time", "all_reasons": "true", "units": "probability",
        "compared": "item:9", "trust": "true",
        "history_reasons": "true", "history_by": "leave_one_out",
        "contrast": "true", "against": "5", "contrast_history": "each", "common": "true",
        "counterfactual": "true", "may_change": "item.price=:40,user.region",
        "paragraph": "true", "length": "full", "words": "true", "words_of": "item.title",
    },
    "what-if": {
        "set": "user.age:34;user.region:south", "add": "9", "off": "", "pins": "user.age%3A20!!", "curve": "item.price",
        "new": "",  # needs no user: test_what_if_page.py
        "may_change": "user.age=20:40", "smallest": "true",
        "units": "probability",
    },
    "global": {
        "dependence": "true", "colour": "user.age", "partial": "true", "permutation": "true", "lasso": "true",
        "side_by_side": "true", "beside": "",  # needs segments: test_global_parts_page.py
        "pairs": "100", "reason": "user.region", "all_reasons": "true", "units": "probability",
        "explainers": "true", "explained_users": "40", "explained_by": "user.gender", "explained_measure": "insertion",
        "explained_method": "lime",
    },
    "compress": {
        "watch": "user.region", "users": "all", "kb": "12", "lists_kept": "50", "both": "7",
        "units": "probability",
        "of_segment": "",  # needs a segment: test_segment_pages.py
        "within": "", "bytes_of": "",  # need measured levels: test_variant_space.py
        "tried": "",  # needs measured variants: test_search_part.py
    },
    "fairness": {
        "by": "user.region", "cross": "user.gender", "cross2": "user.age=40", "least": "3",
        "subgroups": "true", "strata": "true", "within_column": "user.income",
        "measure": "auc", "models": "compressed", "users": "all",
        "items_by": "item.category", "all_groups": "true", "item_groups": "true", "k": "20", "all_measures": "true",
        "designs": "true", "search": "true", "tried": "",  # as on Compress
        "gap_reasons": "true", "gap_measure": "mean_score", "adversarial": "true", "group_reasons": "true",
        "audit_base": "", "reasons_base": "",  # need two models: test_group_audit_parts.py
        "data_gap": "true", "report": "",  # which has files of its own: test_report_part.py
        "mend": "true", "mend_method": "calibrated", "mend_by": "item.category", "mend_strength": "35",
        "mend_with": "threshold:user.gender",
        "mended": "",  # needs a mended model: test_mend_part.py
    },
    "monitor": {
        "by": "user.region", "window": "all", "served_measure": "ndcg@10", "least": "3", "paused": "true",
        "candidate": "",  # needs candidates: test_monitor_page.py
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def two_models(workspaces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace with a second model, whose every score is higher by one."""
    folder = tmp_path_factory.mktemp("two")
    shutil.copytree(workspaces / "tiny", folder / "tiny")
    store = ModelStore(folder / "tiny")
    first = store.folder("")

    def write(target: Path, about: dict[str, str]) -> None:
        shutil.copytree(first, target, dirs_exist_ok=True)
        config = json.loads((first / "config.json").read_text())
        (target / "config.json").write_text(json.dumps(config | about))
        weights = load_file(first / "model.safetensors")
        bias = next(key for key in weights if key.startswith("head") and key.endswith("bias"))
        save_file(weights | {bias: weights[bias] + 1}, target / "model.safetensors")

    store.add("second", write)
    return folder


@pytest.fixture(scope="module")
def broken(workspaces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(workspaces / "tiny", folder / "broken")
    weights = folder / "broken" / "models" / "first" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    return folder


@pytest.fixture(scope="module")
def nasty(workspaces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace with an attack in every title and every name."""
    folder = tmp_path_factory.mktemp("nasty") / "nasty"
    shutil.copytree(workspaces, folder)
    dataset = Dataset.load(folder / "tiny" / "dataset")
    dataset.items[dataset.schema.item_title] = [f"{NASTY} {i}" for i in range(dataset.n_items)]
    dataset.users[dataset.schema.user_name] = [f"{NASTY} {i}" for i in range(dataset.n_users)]
    dataset.write_into(folder / "tiny" / "dataset")
    about = json.loads((folder / "tiny" / "workspace.json").read_text())
    (folder / "tiny" / "workspace.json").write_text(json.dumps(about | {"name": "<b>shop</b>"}))
    write_checksums(folder / "tiny" / "models" / "first", folder / "tiny")
    return folder


for _name in registry.pages():
    _title = f"Test{_name.title()}Page"
    globals()[_title] = type(_title, (PageContract,), {"name": _name, "values": VALUES[_name]})


def says_probability(app, value: float) -> bool:
    """Whether it stands there, with as many decimals as tell it from what it would be without a reason."""
    said = [f"probability {numbers.fixed(value, decimals)}" for decimals in (2, 3, 4)]
    return any(sentence in text for text in texts_of(app) for sentence in said)


def test_the_chosen_model_speaks_and_another_setting_can_be_cleared(open_app, two_models):
    app = open_app("explain", two_models, user="3", item="7", model="second", distill="16")
    ref = workspace_ref(two_models / "tiny")
    data_user, data_item = 3, 7
    user, item = (str(i) for i in (data_user, data_item))
    dataset = cached_explain.workspace(ref).dataset
    shown = cached_explain.item(
        ref, dataset.user_index(user), dataset.item_index(item), ModelVariant.from_query({"model": "second"})
    )
    app.button(key="clear_distill").click().run()
    assert not app.exception
    assert says_probability(app, shown.probability)
    app.selectbox(key="pick_model").select("first").run()
    assert app.session_state["model"] == ""
    other = cached_explain.item(ref, dataset.user_index(user), dataset.item_index(item), ModelVariant())
    assert says_probability(app, other.probability)
    assert shown.score == pytest.approx(other.score + 1, abs=1e-4)


def test_an_unknown_model_is_named_and_a_workspace_with_one_offers_none(open_app, two_models):
    app = open_app("overview", two_models, model="gone")
    assert any("gone" in w.value for w in app.warning)
    assert app.selectbox(key="pick_model").value == "first"
    assert not [box for box in open_app("overview").selectbox if box.key == "pick_model"]


@pytest.mark.parametrize(("harmed", "file"), [("second", "model.safetensors"), ("first", "metrics.json")])
def test_a_damaged_model_is_said_and_the_others_can_be_chosen(open_app, two_models, tmp_path, harmed, file):
    """What is damaged may be the current one: then the picker names none, and offers the rest."""
    shutil.copytree(two_models, tmp_path / "ws")
    (tmp_path / "ws" / "tiny" / "models" / harmed / file).write_text("{")
    app = open_app("overview", tmp_path / "ws", model="" if harmed == "first" else harmed)
    assert not app.exception
    assert "file " + file in app.error[0].value.replace("\\", "")
    other = "first" if harmed == "second" else "second"
    app.selectbox(key="pick_model").select(other).run()
    assert not app.exception
    assert not app.error
    assert any(text.startswith("# ") for text in texts_of(app))


def test_settings_that_the_model_is_too_small_for_and_unknown_re_rankers_are_named_on_every_page(open_app):
    """At once, in words, and the page shows what is left of the address; nothing waits for a job that cannot run."""
    for page in registry.pages():
        unfit = {"distill": "4096", "rank": "1000", "neighbours": "77"}
        app = open_app(page, **unfit, bits="16", rerank="none-such", strength="50")
        assert not app.exception
        assert not app.error
        warnings = [w.value for w in app.warning]
        named = (("Student width", "4096"), ("Rank", "1000"), ("Neighbours", "77"), ("Re-ranking", "none-such"))
        for name, value in named:
            assert any(w.startswith(name) and value in w.replace("\\", "") for w in warnings), (page, name, warnings)
        assert [badge for text in texts_of(app) if (badge := text).startswith(":blue-badge")] == [
            ":blue-badge[16 bits]"
        ]
    app = open_app("explain", distill="4096", lang="zh")
    assert app.warning[0].value.startswith("学生模型宽度")
