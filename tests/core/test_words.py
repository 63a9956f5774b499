"""Words of a text: the game against its definition, sums, LIME beside it, and texts of every kind."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import comb

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, with_known
from hypothesis import given
from hypothesis import strategies as st
from term_workspace import random_term

from recsys_core.compress.levers import LEVERS
from recsys_core.data.features import make_features
from recsys_core.data.schema import Column
from recsys_core.errors import SettingError
from recsys_core.explain import text_game
from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.explain import explain
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.shapley import exact_shapley
from recsys_core.explain.text_words import MOST_WORDS, cut_words, without_words
from recsys_core.explain.words import EXACT_WORDS, explain_words, text_players
from recsys_core.metrics import logistic
from recsys_core.models.encoder import encode_texts
from recsys_core.models.scorer import Scorer
from recsys_core.models.text_vectors import TextVectors
from recsys_core.models.workspace import open_model
from recsys_core.player import Player
from recsys_core.recommend import user_pairs
from recsys_core.results.words import WordExplanation
from recsys_core.variant import ModelVariant

TITLE, BIO = Player("item", "title"), Player("user", "bio")
WIDTH, ITEM = 8, 4
TITLES = {
    4: "Light trail shoes",
    5: "Solo",
    6: "<b>Heat</b> & 'Dust' <script>alert(1)</script>",
    7: "轻便登山鞋 GTX",
    8: " ".join(f"word{i}" for i in range(60)),
    9: "the more the merrier the",
    10: "?!",
    11: " ".join("abcdefghijkl"),
}


def encode(texts: list[str]) -> np.ndarray:
    """A made-up encoder that sums a vector a word and one a neighbouring pair: order matters a little."""
    out = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for row, text in enumerate(texts):
        words = [w.text for w in cut_words(text.lower(), 500)]
        for part, size in ((words, 1.0), (["|".join(p) for p in pairwise(words)], 0.4)):
            for word in part:
                seed = int.from_bytes(word.encode()[:6], "little") % 2**31
                out[row] += size * np.random.default_rng(seed).normal(size=WIDTH)
        out[row] /= max(np.linalg.norm(out[row]), 1e-9)
    return out


def texts_dataset():
    dataset = tiny_dataset()
    items, users = dataset.items.copy(), dataset.users.copy()
    for row, title in TITLES.items():
        items.loc[row, "title"] = title
    items["title"] = items["title"].astype(object)
    items.loc[12, "title"] = None
    users["bio"] = [f"reads book{i} daily" for i in range(len(users))]
    schema = replace(dataset.schema, users=(*dataset.schema.users, Column("bio", "text")))
    return replace(dataset, users=users, items=items, schema=schema)


DATASET = texts_dataset()
FEATURES = make_features(
    DATASET,
    {
        "item.title": encode(["" if t is None else t for t in DATASET.items["title"]]),
        "user.bio": encode(DATASET.users["bio"].tolist()),
    },
)
NETWORK = random_scorer(FEATURES)
SCORER = NETWORK.with_term(random_term(DATASET.n_items))
ROWS = with_known(random_pairs(DATASET, 4, seed=2), DATASET.n_items)
PAIR = with_known(random_pairs(DATASET, 1, seed=6), DATASET.n_items)


def explained(item: int = ITEM, *, scorer: Scorer = SCORER, player: Player = TITLE, units="logit") -> WordExplanation:
    pair = replace(PAIR, items=np.array([item]))
    explanation = explain(scorer, DATASET, pair, ROWS, units=units)
    found = explain_words(scorer, pair, ROWS, explanation, player, encode)
    said = next(c.contribution for c in explanation.contributions if c.player == player)
    assert found.total == said
    assert found.completeness_gap == pytest.approx(0, abs=1e-9)
    assert "".join(found.text[w.start : w.end] for w in found.words) == "".join(w.word for w in found.words)
    return found


@pytest.mark.parametrize("units", ["logit", "probability"])
@pytest.mark.parametrize("player", [TITLE, BIO], ids=["title", "bio"])
def test_words_share_what_the_text_would_add_with_only_some_of_them(units, player):
    """The definition: Shapley values of "the text's Shapley value, were it the text of these words"."""
    rows = replace(ROWS, items=np.array([1, 2, 3, 13]), users=(PAIR.users + np.array([1, 2, 3, 4])) % DATASET.n_users)
    text = TITLES[ITEM] if player == TITLE else DATASET.users["bio"].iloc[int(PAIR.users[0])]
    words = cut_words(text)
    pair = replace(PAIR, items=np.array([ITEM]))
    expected = np.zeros(2**3)
    for at, mask in enumerate(coalitions(3)):
        if mask.any():
            expected[at] = _contribution(without_words(text, words, mask), units, player, pair, rows)
    explanation = explain(SCORER, DATASET, pair, rows, units=units)
    found = explain_words(SCORER, pair, rows, explanation, player, encode)
    assert found.exact
    assert found.all_contexts
    assert found.standard_error is None
    np.testing.assert_allclose([w.contribution for w in found.words], exact_shapley(expected), atol=2e-5)


def _contribution(text: str, units: str, player: Player, pair, rows) -> float:
    """By the slow way: every coalition of reasons for the pair whose own text is another; no row holds its row."""
    tables = {key: table.copy() for key, table in FEATURES.tables.items()}
    tables[player.key][pair.items if player == TITLE else pair.users] = encode([text])
    scorer = Scorer(NETWORK.ranker, replace(FEATURES, tables=tables)).with_term(SCORER.term)
    games = FactorisedGames(scorer, pair, rows)
    n = len(games.players)
    values = games.values(coalitions(n))
    values = logistic(values) if units == "probability" else values
    return float((games.weights @ exact_shapley(values))[games.players.index(player)])


def test_drawn_contexts_come_close_and_say_their_error(monkeypatch):
    whole = explained()
    monkeypatch.setattr(text_game, "MOST_SCORES", 10)
    drawn = explained()
    assert (whole.all_contexts, drawn.all_contexts) == (True, False)
    assert drawn.exact
    assert 0 < drawn.standard_error < 0.1
    off = [a.contribution - b.contribution for a, b in zip(whole.words, drawn.words, strict=True)]
    assert np.abs(off).max() < 4 * drawn.standard_error


def test_a_sampled_contribution_hands_its_error_on_to_its_words():
    """Sixteen reasons are sampled, a text of three words is not."""
    pair, exact = replace(PAIR, items=np.array([ITEM])), explained()
    whole = explain(SCORER, DATASET, pair, ROWS)
    said = tuple(replace(c, standard_error=0.3) if c.player == TITLE else c for c in whole.contributions)
    found = explain_words(SCORER, pair, ROWS, replace(whole, contributions=said), TITLE, encode)
    assert exact.all_contexts
    assert [w.standard_error for w in found.words] == pytest.approx([0.1] * 3)
    assert sum(w.contribution for w in found.words) == pytest.approx(exact.total)


def test_contexts_weigh_the_other_reasons_as_shapley_does():
    games = FactorisedGames(SCORER, PAIR, ROWS)
    at = games.players.index(TITLE)
    found = text_game.Contexts.of(games, at, n_texts=2, seed=0)
    assert found.exact
    assert found.weight.sum() == pytest.approx(1)
    for row in range(games.n_rows):
        others = games.differs[0, row].copy()
        others[at] = False
        mine, k = found.row == row, int(others.sum())
        sizes = found.inside[mine][:, others].sum(1)
        by_size = np.bincount(sizes, weights=found.weight[mine], minlength=k + 1)
        np.testing.assert_allclose(by_size, games.weights[row] / (k + 1))
        assert np.bincount(sizes).tolist() == [comb(k, size) for size in range(k + 1)]


def test_a_single_word_is_the_whole_contribution():
    found = explained(5)
    assert [w.word for w in found.words] == ["Solo"]
    assert found.words[0].contribution == pytest.approx(found.total)
    assert found.agreement is None


@pytest.mark.parametrize("item", [6, 7, 9, 11])
def test_texts_of_every_kind_sum_and_have_a_line_beside_them(item):
    found = explained(item)
    assert found.exact == (len(found.words) <= EXACT_WORDS)
    assert 0 <= found.lime_fit <= 1
    assert all(np.isfinite(w.lime) for w in found.words)
    assert -1 <= found.agreement <= 1


def test_sixty_words_are_sampled_with_an_error():
    found = explained(8)
    assert len(found.words) == 60
    assert not found.exact
    assert found.standard_error > 0
    again = explained(8)
    assert [w.contribution for w in again.words] == [w.contribution for w in found.words]


def test_sampled_words_come_close_to_exact_ones(monkeypatch):
    from recsys_core.explain import words as module

    sampled = explained(11)
    monkeypatch.setattr(module, "EXACT_WORDS", 12)
    exact = explained(11)
    off = np.array([a.contribution - b.contribution for a, b in zip(sampled.words, exact.words, strict=True)])
    errors = np.array([w.standard_error for w in sampled.words])
    assert np.abs(off / errors).max() < 5
    assert np.corrcoef([w.contribution for w in sampled.words], [w.contribution for w in exact.words])[0, 1] > 0.95


@pytest.mark.parametrize("bits", [16, 8])
def test_words_of_a_compressed_variant_sum_to_its_own_contribution(bits):
    variant = ModelVariant.compressed(bits=bits)
    found = explained(scorer=LEVERS["bits"].scorer(NETWORK.ranker, FEATURES, variant))
    assert len(found.words) == 3


@pytest.mark.parametrize("bits", [16, 8])
def test_stored_texts_of_users_follow_their_rows(bits):
    """Taken row by row, and written anew: a quantised variant stores the vectors of users' texts, too."""
    made = LEVERS["bits"].scorer
    whole = made(SCORER.ranker, FEATURES, variant := ModelVariant.compressed(bits=bits))
    users, items = np.array([3, 3, 1, 0]), np.array([2, 5, 4, 1])
    none, every = np.full((4, 3), -1), np.arange(4)
    few = whole.take(users, items)
    torch.testing.assert_close(few.score_pairs(every, every, none), whole.score_pairs(users, items, none))
    edited = FEATURES.with_cells(np.array([3]), {BIO.key: encode(["something else"])})
    assert not torch.equal(few.user_base(every), made(SCORER.ranker, edited, variant).user_base(users))
    quick, slow = whole.with_features(edited), made(SCORER.ranker, edited, variant)
    torch.testing.assert_close(quick.cached[BIO.key], slow.cached[BIO.key])
    torch.testing.assert_close(quick.user_base(users), slow.user_base(users))


@pytest.mark.parametrize(
    ("item", "player", "key"),
    [
        (12, TITLE, "words.no_text"),
        (10, TITLE, "words.no_words"),
        (4, Player("item", "brand"), "words.column"),
        (4, Player("user", "x"), "words.column"),
    ],
)
def test_what_has_no_words_gets_one_sentence(item, player, key):
    pair = replace(PAIR, items=np.array([item]))
    with pytest.raises(SettingError) as problem:
        explain_words(SCORER, pair, ROWS, explain(SCORER, DATASET, pair, ROWS), player, encode)
    assert problem.value.key == key


def test_text_columns_the_items_first():
    assert text_players(SCORER) == (TITLE, BIO)


@given(st.text(max_size=200))
def test_any_text_is_cut_into_words_that_stand_in_it(text):
    words = cut_words(text)
    assert len(words) <= MOST_WORDS
    assert all(text[w.start : w.end] == w.text and w.text for w in words)
    assert all(a.end <= b.start for a, b in pairwise(words))
    everything = np.ones(len(words), dtype=bool)
    assert without_words(text, words, everything) == " ".join(text.split())
    assert cut_words(without_words(text, words, ~everything)) == ()


def test_a_long_text_is_cut_into_runs():
    words = cut_words(" ".join(["w"] * 301))
    assert len(words) == MOST_WORDS
    assert {len(w.text.split()) for w in words} == {5, 6}


def test_the_real_encoder_reads_each_text_once(tiny_workspace):
    model = open_model(tiny_workspace)
    encoder = TextVectors(model.encoder_name)
    pair = user_pairs(model.split_dataset, 3, np.array([7]))
    background = model.split_dataset.background(4, seed=0)
    explanation = explain(model.dense, model.dataset, pair, background)
    found = explain_words(model.dense, pair, background, explanation, TITLE, encoder)
    again = explain_words(model.dense, pair, background, explanation, TITLE, encoder)
    assert found.completeness_gap == pytest.approx(0, abs=1e-9)
    assert encoder.n_encoded == found.n_encoded <= 2 ** len(found.words)
    assert again.words == found.words
    texts = ["one two", "three", "", "one two"]
    np.testing.assert_allclose(encoder(texts), encode_texts(texts, name=model.encoder_name), atol=1e-6)
    small = TextVectors(model.encoder_name, most=1)
    np.testing.assert_allclose(small(texts), encoder(texts), atol=1e-6)
