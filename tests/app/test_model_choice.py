"""What Overview says of how the model was chosen: options, how sure the choice was, on whom."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences import model_choice
from dashboard.presentation.tables.options import tried_options
from dashboard.presentation.texts import numbers, use_language
from recsys_core.models.anatomy import term_share
from recsys_core.models.workspace import open_model
from recsys_core.results import OptionChoice, TermStrength, TriedOption, TriedStrength

PLAIN = TriedOption("without ids", 12, 600, 6, -0.4012, -0.4012, 0.0, 0.0, 0.0, 1.0)


def choice(*others: TriedOption, chosen: str = "without ids") -> OptionChoice:
    return OptionChoice(chosen, "logloss", (PLAIN, *others), (), None, 120, 120, 840, 1000, 3)


def with_ids(lead: float, low: float, high: float, share: float) -> TriedOption:
    return TriedOption("with ids", 6, 300, 6, -0.4012 - lead, -0.4012, lead, low, high, share)


@pytest.fixture
def chosen_by(ref):
    """The tiny model as if it had been chosen like this."""
    model = cached_workspace.model(ref, "")
    return lambda found: replace(model, config=model.config | {"choice": found.to_json()})


def said(model) -> str:
    return model_choice.sentence(model).replace("\\", "")


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        ((0.0031, 0.0012, 0.005, 0.998), "leads “with ids” by 0.0031 (log loss), beyond noise"),
        ((0.0031, -0.001, 0.007, 0.93), "lead of 0.0031 over “with ids” (log loss) is within noise"),
        ((-0.0004, -0.003, 0.002, 0.41), "“with ids” came out 0.0004 better (log loss), within noise"),
        ((-0.0104, -0.02, -0.001, 0.011), "was 0.0104 better (log loss), beyond the noise of that round"),
    ],
)
def test_a_choice_says_how_sure_it_was(chosen_by, lead, words):
    text = said(chosen_by(choice(with_ids(*lead))))
    assert text.startswith("“without ids” and “with ids” were trained side by side, and “without ids” to the end.")
    assert words in text
    assert f"in {100 * lead[-1]:.1f}\u202f% of 1\u202f000 bootstrap draws" in text
    assert ("is taken" in text) == (lead[0] < 0)


def test_too_few_users_to_compare_by_are_said(chosen_by):
    unknown = (math.nan,) * 3
    few = replace(choice(with_ids(0.0031, *unknown)), n_users=2, of_users=2)
    assert "With 2 validation users to measure by there are too few to tell them apart surely." in said(chosen_by(few))
    own, rival = tried_options(chosen_by(few).choice).iloc[:, -2:].to_numpy().tolist()
    assert (own, rival[0]) == (["", ""], "+0.0031"), "no interval"
    weighed = (TriedStrength(0.0, -0.4, math.nan), TriedStrength(2.5, -0.3, math.nan))
    text = model_choice.term(chosen_by(replace(few, strengths=weighed)), None)
    assert "With 2 validation users to measure by there are too few to say." in text


def test_the_rival_of_a_sentence_is_the_closest_one(chosen_by):
    far = replace(with_ids(0.2, 0.1, 0.3, 1.0), name="item id only")
    text = said(chosen_by(choice(far, with_ids(0.001, -0.001, 0.003, 0.7))))
    assert "over “with ids”" in text
    assert "item id only” (" not in text


def test_the_table_holds_every_option(chosen_by):
    rows = tried_options(choice(with_ids(0.0031, 0.0012, 0.005, 0.998)))
    assert rows["Option"].tolist() == ["without ids (chosen)", "with ids"]
    assert rows["Reached (log loss)"].tolist() == ["0.4012", "0.4043"]
    assert rows["Lead of the chosen one"].tolist() == ["", "+0.0031 (+0.0012 to +0.0050)"]
    assert rows["At least as good in"].tolist() == ["", "99.8\u202f%"]


def test_on_whom_and_at_what_cost_stands_beside_it(chosen_by):
    model = chosen_by(choice(with_ids(0.0031, 0.0012, 0.005, 0.998)))
    parts = model_choice.caveats(model)
    assert "840 rows of 120 validation users" in parts
    assert "seed 3" in parts
    assert "what was given up took 33\u202f% of all training steps" in parts
    assert any(f"epoch {model.config['best_epoch']} is kept" in part for part in parts)
    sample = chosen_by(replace(model.choice, of_users=5000))
    assert "840 rows of 120 of 5\u202f000 validation users" in model_choice.caveats(sample)


@pytest.mark.parametrize(("n_users", "words"), [(120, "there was only one"), (0, "nobody in the validation part")])
def test_without_a_comparison_the_page_says_so(chosen_by, n_users, words):
    nothing = replace(choice(), tried=(), n_users=n_users, n_rows=n_users)
    model = chosen_by(nothing)
    assert words in said(model)
    assert not any("given up" in part for part in model_choice.caveats(model))


def test_overview_shows_the_choice_in_both_languages(open_app, ref):
    for language, heading in (("en", "Option"), ("zh", "做法")):
        app = open_app("overview", lang=language)
        assert not app.exception
        use_language(language)
        model = cached_workspace.model(ref, "")
        assert model_choice.sentence(model) in [m.value for m in app.markdown]
        shown = [d.value for d in app.dataframe if heading in d.value.columns]
        assert len(shown) == bool(model.choice.tried)
        assert all(len(table) == len(model.choice.tried) for table in shown)


def test_overview_says_the_item_item_term_or_that_there_is_none(open_app, term_workspace):
    term = open_model(term_workspace).term
    size, share = numbers.size(term.size_bytes), numbers.percent(term_share(open_model(term_workspace)))
    words = {
        "en": (
            f"penalty 20), the 15 strongest of each item, times 3. It takes {size}. {share} of what",
            "no item-item term",
        ),
        "zh": (
            f"最强的 15 个条目，再乘以 3，占 {size}。同一用户各物品的得分差异，有 {share} 来自它",
            "没有物品关联项",
        ),
    }
    for language, (with_term, without) in words.items():
        shown = [m.value.replace("\\", "") for m in open_app("overview", term_workspace.parent, lang=language).markdown]
        assert any(with_term in text for text in shown)
        assert not any(without in text for text in shown)
        assert any(without in m.value for m in open_app("overview", lang=language).markdown)


@pytest.mark.parametrize(
    ("strengths", "likelihood", "words"),
    [
        ((), None, "none was tried."),
        (
            (),
            TermStrength(0.0, 0.01, 0.02, 150, 3),
            "not likelier with it than by popularity alone, beyond noise: +0",
        ),
        ((), TermStrength(0.0, 0.0, 0.0, 7, 3), "With 7 validation users to measure by there are too few to say."),
        ((), TermStrength(0.0, 0.0, 0.0, 49, 3), "What 49 validation users took is likeliest by popularity alone"),
        ((), TermStrength(4.0, 0.31, 0.02, 150, 3), "options with one were tried, another was taken."),
        ((TriedStrength(0.0, -0.4, 1.0), TriedStrength(0.0, -0.4, 0.0)), None, "validation gave it no weight."),
        (
            (TriedStrength(0.0, -0.4012, 1.0), TriedStrength(2.5, -0.4009, 0.2)),
            None,
            "With strength 2.50 the model reached log loss 0.4009 there, without it 0.4012: too little",
        ),
    ],
)
def test_why_there_is_no_term_is_said(chosen_by, strengths, likelihood, words):
    found = replace(choice(), strengths=strengths, likelihood=likelihood)
    text = model_choice.term(chosen_by(found), None).replace("\\", "")
    assert text.startswith("Beside the network there is no item-item term:")
    assert words in text
    assert ("gave it no weight" in text) == (bool(strengths) or (likelihood is not None and likelihood.alpha == 0))


def test_why_a_term_has_its_strength_is_said(term_workspace):
    model = open_model(term_workspace)

    def text(**found) -> str:
        log = replace(model.choice, **found)
        told = replace(model, config=model.config | {"choice": log.to_json()})
        return model_choice.term(told, None).replace("\\", "")

    tried = (TriedStrength(0.0, -0.4012, 0.993), TriedStrength(3.0, -0.3955, 1.0))
    assert "with it 0.3955" not in text(strengths=(), likelihood=None)
    weighed = text(strengths=tried, likelihood=None)
    assert "reaches log loss 0.3955 with it and 0.4012 without: with it is at least as good in 99.3\u202f%" in weighed
    likely = text(strengths=(), likelihood=TermStrength(7.0, 0.312, 0.021, 150, 0))
    assert "likeliest with strength 7: by +0.312 nats a user (standard error 0.021) over popularity alone" in likely


def test_a_term_of_some_items_says_which(ref, term_workspace):
    model = open_model(term_workspace)
    some = replace(model, term=replace(model.term, n_least=12))
    assert "Items with fewer than 12 positives in training have no weights." in model_choice.term(some, None)
    assert "have no weights" not in model_choice.term(model, None)
    assert "than in EASE" not in model_choice.term(model, None)
    weighted = replace(model, term=replace(model.term, user_exponent=0.5, penalty_exponent=0.5))
    assert "count less in these weights than in EASE. Weights from popular" in model_choice.term(weighted, None)
