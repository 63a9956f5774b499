"""The verdict of an adversarial audit: from p-values, on models whose harm is known, and where it cannot be asked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from explain_model import random_scorer, tiny_features
from hypothesis import given, settings
from hypothesis import strategies as st
from test_attribute_audit import SCORER, SPLIT, with_cells

from recsys_core.__main__ import main
from recsys_core.adversarial_audit import AuditedModel, adversarial_audit, questions
from recsys_core.adversarial_audit.audit import judged
from recsys_core.errors import RecLensError
from recsys_core.fairness import leakage as leakage_module
from recsys_core.fairness.gaps import holm
from recsys_core.fairness.probe import probe
from recsys_core.models.evaluation import evaluate
from recsys_core.results.adversarial_audit import QUESTIONS, AdversarialAudit, AuditQuestion

P = st.none() | st.floats(0, 1)


@settings(max_examples=60)
@given(st.lists(st.tuples(P, st.floats(0, 1)), min_size=3, max_size=3))
def test_a_verdict_is_never_stronger_than_its_weakest_answer(p_values):
    asked = tuple(
        AuditQuestion(key=key, status="hold", margin=0.1, p_harm=harm, p_safe=None if harm is None else safe)
        for key, (harm, safe) in zip(QUESTIONS, p_values, strict=True)
    )
    found = judged(asked)
    harm, safe = (
        holm(np.array([np.nan if getattr(q, p) is None else getattr(q, p) for q in asked]))
        for p in ("p_harm", "p_safe")
    )
    expected = ["pass" if s <= 0.05 else "fail" if h <= 0.05 else "hold" for h, s in zip(harm, safe, strict=True)]
    assert [q.status for q in found] == expected
    verdict = AdversarialAudit(by=("user.city",), questions=found, seed=0, seconds=0).verdict
    assert verdict == ("fail" if "fail" in expected else "pass" if set(expected) == {"pass"} else "hold")


def audited(scorer) -> AuditedModel:
    return AuditedModel(scorer, evaluate(scorer, SPLIT))


def test_a_read_column_leaks_and_one_that_is_left_out_changes_nothing():
    two = with_cells("city", ["Ulm", "Kiel"] * 20)
    features = tiny_features(two.dataset).without({"user_id", "item_id", "item.title"})
    read, blind = random_scorer(features), random_scorer(features.without({"user.city"}))
    worse, better = (
        adversarial_audit(audited(s), two, by=("city",), before=b, n_shuffles=60)
        for s, b in ((read, None), (blind, audited(read)))
    )
    leak, flips = worse.question("leakage"), worse.question("flips")
    assert (leak.status, leak.before, worse.verdict) == ("fail", None, "fail")
    assert leak.figure > 0.9
    assert flips.status in ("fail", "hold")
    after = better.question("flips")
    assert (after.figure, after.p_safe, after.status) == (0, 0, "pass")
    assert "does not read" in str(after.reason)
    assert after.before == flips.figure
    mended = better.question("leakage")
    assert mended.change == pytest.approx(mended.figure - mended.before)
    assert mended.change_low <= mended.change <= mended.change_high < 0
    assert better.question("subgroup").margin == pytest.approx(0.1 * np.mean(audited(blind).evaluation.ranking.ndcg))


def test_what_cannot_be_asked_is_held_with_its_reason():
    found = adversarial_audit(audited(SCORER), SPLIT, by=("activity",), n_shuffles=2)
    flips = found.question("flips")
    assert (flips.status, flips.figure) == ("hold", None)
    assert "cannot be set" in str(flips.reason)
    one = adversarial_audit(audited(SCORER), with_cells("city", ["Ulm"] * 40), by=("city",), n_shuffles=2)
    assert [one.question(key).figure for key in ("leakage", "flips")] == [None, None]
    assert one.verdict != "pass"
    for by in (("brand",), ("nowhere",)):
        with pytest.raises(RecLensError):
            adversarial_audit(audited(SCORER), SPLIT, by=by)


def test_the_command_sets_a_variant_beside_its_model(capsys, tiny_workspace):
    asked = ["adversarial-audit", "--workspace", str(tiny_workspace), "--by", "gender", "--shuffles", "2"]
    assert main([*asked, "--sparsity", "0.5", "--pruning", "unstructured", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"verdict", "questions", "variant", "before", "seed", "seconds"} <= set(found)
    assert [q["key"] for q in found["questions"]] == list(QUESTIONS)
    assert found["before"] == "dense"
    assert main([*asked, "--against", "first"]) == 2
    assert replace(AuditQuestion(key="flips", status="hold", margin=0.1), n=3).to_json()["reason"] is None


def test_an_auc_below_one_half_counts_turned_over(monkeypatch):
    """A probe that is wrong on purpose knows the attribute: never a pass."""
    two = with_cells("city", ["Ulm", "Kiel"] * 20)
    scorer = random_scorer(tiny_features(two.dataset).without({"user_id", "item_id", "item.title"}))

    def wrong(inputs, code, *, seed):
        found = probe(inputs, code, seed=seed)
        return replace(found, chance=1 - found.chance)

    right = adversarial_audit(audited(scorer), two, by=("city",), n_shuffles=40).question("leakage")
    for module in (leakage_module, questions):
        monkeypatch.setattr(module, "probe", wrong)
    found = adversarial_audit(audited(scorer), two, by=("city",), n_shuffles=40).question("leakage")
    assert found.leakage.auc.value < 0.1
    assert (found.figure, found.low, found.high) == pytest.approx((right.figure, right.low, right.high))
    assert (found.status, found.p_harm, found.p_safe) == (right.status, right.p_harm, right.p_safe)
    assert "below one half" in str(found.reason)
    assert right.reason is None
