"""The part of the Global page that compares explainers: asked for, followed, and said as the core says it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import explainers as cached_explainers
from dashboard.cached import workspace as cached_workspace
from dashboard.jobs import LongJob, processes
from dashboard.presentation.charts.explainers import between
from dashboard.presentation.sentences import explainers as sentences
from dashboard.presentation.tables.explainers import comparison_table, group_table
from dashboard.presentation.texts import use_language
from dashboard.workspaces import WorkspaceRef, workspace_ref
from recsys_core.compare.explainers import ComparisonSettings, compare_explainers
from recsys_core.models.workspace import open_model
from recsys_core.results import Group
from recsys_core.results.method_comparison import RANDOM, SEARCH, Figure, MethodComparison, MethodGap
from recsys_core.variant import DENSE

OPEN = {"explainers": "true", "explained_users": "40", "explained_by": "user.gender"}


@pytest.fixture(scope="module")
def found(tiny_workspace: Path) -> MethodComparison:
    """Three users, two methods: what the command would print."""
    model = open_model(tiny_workspace)
    settings = ComparisonSettings(3, background=2, by=("user.gender",), methods=("shapley", "ig"), least_size=1)
    return compare_explainers(model.dense, model.split_dataset, settings)


def with_finished_run(ref: WorkspaceRef, found: MethodComparison) -> None:
    """As if the run had ended: the job holds what the command prints."""
    key = ("explainers", ref, cached_workspace.model(ref, "").variant, 40, "user.gender")
    job = LongJob(key=key, result=found.to_json())
    job.finished.set()
    processes()._jobs[key] = job


def test_closed_it_asks_nothing_and_open_it_offers_the_run(open_app):
    assert not any("Every method explains" in text for text in texts_of(open_app("global", pairs="100")))
    app = open_app("global", pairs="100", **OPEN)
    assert not app.exception
    said = texts_of(app)
    assert any("Every method explains the same users" in text for text in said)
    assert "Compare on 40 users (a few seconds each)" in said


def test_a_finished_run_is_shown_in_both_languages(open_app, ref, found):
    with_finished_run(ref, found)
    for language, question in (("en", "Is the explanation worse for some people?"), ("zh", "对某些人来说解释更差吗？")):
        app = open_app("global", pairs="100", lang=language, **OPEN)
        assert not app.exception
        said = "\n".join(texts_of(app))
        use_language(language)
        assert sentences.comparison_sentence(found, "deletion").replace("\\", "") in said
        assert question in said
        shown = tables_of(app)
        assert len(shown["explainers_table"]) == len(found.rows)
        assert len(shown["explainers_groups"]) == len(found.groups)


def test_the_words_follow_the_figures(found):
    def row(method: str, share: float, low: float) -> object:
        return replace(found.row(RANDOM), method=method, figures={"deletion_share": Figure(share, low, 1.0, 9)})

    ends = row(RANDOM, 0.0, 0.0), row(SEARCH, 1.0, 1.0)
    made = replace(found, n_users=9, rows=(ends[0], row("shapley", 0.98, 0.9), row("lime", 0.1, -0.2), ends[1]))
    assert sentences.comparison_sentence(made, "deletion") == (
        "By deletion, Shapley reach 98\u202f% of what the best order gains over random order (9 users). "
        "LIME least: 10\u202f%. No better than random order here: LIME."
    )
    chart = between(made.rows, "deletion", sentences.method_names(made)).data
    assert chart["value"].tolist() == pytest.approx([0, 98, 10, 100])
    assert "nothing can be told apart" in sentences.comparison_sentence(made, "pos@20")
    use_language("zh")
    assert "98" in sentences.comparison_sentence(made, "deletion")


def test_groups_are_compared_only_where_two_are_large_enough(found):
    groups = Group("value", "F"), Group("value", "M")
    gap = MethodGap("shapley", "deletion", *groups, 0.7, 0.9, 0.2, 0.05, 0.35)
    made = replace(found, gaps=(gap,))

    def said(comparison: MethodComparison) -> str:
        return sentences.groups_sentence(comparison, "shapley", "deletion", lambda group: group.label)

    if sum(not g.suppressed for g in made.groups) > 1:
        assert "70\u202f% of the way for F and 90\u202f% for M" in said(made)
        assert "No difference beyond chance" in said(replace(made, gaps=(replace(gap, low=-0.1),)))
    assert "take more users" in said(replace(made, gaps=()))
    assert group_table(made, "shapley", lambda group: group.label)["n"].astype(int).sum() == made.n_users


def test_a_measure_that_nobody_tells_has_no_column(found):
    table = comparison_table(found.rows, sentences.method_names(found))
    assert table["method"].tolist() == [sentences.method_name(m) for m in (RANDOM, "shapley", "ig", SEARCH)]
    assert {"deletion", "insertion", "seconds", "truth"} <= set(table.columns)


def test_a_run_that_is_asked_for_is_the_commands(ref):
    assert cached_explainers.comparison_job((workspace_ref(ref.folder), DENSE, 123, "")) is None
