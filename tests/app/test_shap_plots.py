"""The library's own plots as PNG: drawn without a screen, the same in several threads, with any letters in them."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import shap_plots
from dashboard.presentation import wording as reasons
from dashboard.presentation.texts import use_language
from recsys_core.player import Player
from recsys_core.variant import DENSE

AGE, REGION, BRAND = Player("user", "age"), Player("user", "region"), Player("item", "brand")


@pytest.fixture
def found(ref):
    return cached_explain.overall(ref, DENSE, 100).outcome()


def size(png: bytes) -> tuple[int, int]:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    assert len(set(picture.convert("L").resize((50, 50)).tobytes())) > 10, "there is something to see"
    return picture.size


def test_every_plot_is_the_same_in_several_threads_and_leaves_the_global_draws_alone(ref, found):
    data = cached_workspace.dataset(ref)
    names = {player: reasons.feature_name(data, player) for player in found.players}
    explanation = cached_explain.explanation(ref, 3, 7, DENSE)
    np.random.seed(5)
    expected = np.random.get_state()[1].tolist()
    plots = [
        lambda: shap_plots.beeswarm(data, found, names),
        lambda: shap_plots.waterfall(data, explanation),
        lambda: shap_plots.dependence(data, found, AGE, REGION, names),
    ]
    alone = [plot() for plot in plots]
    assert np.random.get_state()[1].tolist() == expected
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda plot: plot(), plots))
    assert together == alone
    assert all(min(size(png)) > 300 for png in alone)


@pytest.mark.parametrize("player", [BRAND, Player("item", "title")])
def test_dependence_of_values_that_are_no_numbers(ref, found, player):
    data = cached_workspace.dataset(ref)
    names = {p: reasons.feature_name(data, p) for p in found.players}
    assert size(shap_plots.dependence(data, found, player, None, names))


def test_chinese_names_are_drawn_or_ids_take_their_place_and_dollars_are_no_formula(ref, found, monkeypatch):
    data = cached_workspace.dataset(ref)
    names = dict.fromkeys(found.players, "$x_{1}$ 年龄 \U0001f600")
    use_language("zh")
    assert size(shap_plots.beeswarm(data, found, names))
    assert shap_plots._labels([("$a$", "id"), ("年龄", "user.age")])[0] == r"\$a\$"
    monkeypatch.setattr(shap_plots, "_letters", lambda: frozenset(range(32, 127)))
    assert shap_plots._labels([("年龄", "user.age"), ("price", "item.price"), ("价格", "item.price")]) == [
        "user.age",
        "price",
        "item.price",
    ]


def test_one_pair_and_columns_that_say_nothing(ref, found):
    data = cached_workspace.dataset(ref)
    names = {p: reasons.feature_name(data, p) for p in found.players}
    gone = {p: [None] * found.n_pairs for p in found.players}
    empty = replace(found, values=gone, rank=np.full_like(found.rank, np.nan), contributions=0 * found.contributions)
    assert size(shap_plots.beeswarm(data, empty, names))
    assert size(shap_plots.dependence(data, empty, AGE, REGION, names))
