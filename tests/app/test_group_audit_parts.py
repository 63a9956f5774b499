"""Fairness: a gap's reasons, reasons by group and the adversarial audit say what the core finds, in both languages."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from app_texts import texts_of

from dashboard.cached import fairness as cached_fairness
from dashboard.cached import group_audits as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences import gap_reasons as sentences
from dashboard.presentation.texts import use_language
from dashboard.presentation.wording import feature_name
from dashboard.workspaces import workspace_ref
from recsys_core.adversarial_audit import adversarial_audit
from recsys_core.variant import DENSE, ModelVariant

BY = ("user.gender",)


def bare(text: str) -> str:
    """A text without the signs that keep Markdown and line breaks away."""
    return re.sub(r"\\(.)", r"\1", text).replace("\u2060", "")


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("group_audits")
    shutil.copytree(grouped_workspace, found / "shop")
    return found


@pytest.fixture
def open_part(open_app, folder, monkeypatch):
    """The page with one part open, its lists ranked and the part's job done; an attribute is shuffled 30 times."""
    quick = partial(adversarial_audit, n_shuffles=30)
    monkeypatch.setattr("recsys_core.adversarial_audit.adversarial_audit", quick)

    def open_page(part: str, **parameters: str):
        app = open_app("fairness", folder=folder, workspace="shop", by=BY[0], **{part: "true"}, **parameters)
        ref = workspace_ref(folder / "shop")
        assert cached_fairness.fairness_scan(ref, DENSE).wait(120)
        jobs = {
            "gap_reasons": lambda: cached.gap_reasons(ref, DENSE, BY, parameters.get("gap_measure", "ndcg@10")),
            "group_reasons": lambda: cached.group_reasons(ref, DENSE, BY, None),
            "adversarial": lambda: cached.adversarial_audit(ref, DENSE, BY, None),
        }
        app.run()
        job = jobs[part]()
        assert job.wait(300)
        app.run()
        assert not app.exception
        return [bare(text) for text in texts_of(app)], job.result

    return open_page


def test_the_reasons_of_the_gap_are_said_with_their_sum(open_part, folder):
    shown, found = open_part("gap_reasons", gap_measure="ndcg@10")
    data = cached_workspace.dataset(workspace_ref(folder / "shop"))
    names = {r.player: feature_name(data, r.player) for r in found.reasons}
    use_language("en")
    for said in sentences.gap_sentence(found, names):
        assert bare(said) in shown
    assert any("gap less the sum of all bars" in text for text in shown)
    assert found.completeness_gap < 1e-9
    use_language("zh")
    assert not re.search(r"woman|man\b|gender", " ".join(sentences.gap_sentence(found, dict.fromkeys(names, "理由"))))


def test_the_audit_names_its_verdict_and_that_no_advos_was_found(open_part):
    shown, found = open_part("adversarial")
    whole = " ".join(shown)
    assert "No tool of that name could be found" in whole
    assert f"**{found.verdict.capitalize()}.**" in whole
    assert all(question.status in ("pass", "hold", "fail") for question in found.questions)
    assert "representations with an AUC of" in whole
    use_language("zh")
    said = " ".join([sentences.verdict(found), *map(sentences.answer, found.questions[:1])])
    assert not re.search(r"leakage|flips|gender", said)


def test_reasons_by_group_are_said(open_part):
    shown, found = open_part("group_reasons")
    whole = " ".join(shown)
    n = sum(figure.differs for figure in found.reasons)
    assert f"{n} of {len(found.reasons)} reasons" in whole or "differs between groups" in whole
    assert "less faithful" in whole or "as telling in all groups" in whole


def test_what_a_variant_is_set_beside(folder):
    ref = workspace_ref(folder / "shop")
    assert cached.base_of(ref, DENSE) is None
    assert cached.base_of(ref, ModelVariant("first"), "other") == ModelVariant("other")
    compressed = ModelVariant.compressed(bits=8)
    assert cached.base_of(ref, compressed) == compressed.dense
