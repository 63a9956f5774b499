"""Which words of a text matter: its contribution to a score, shared out among its words by the real encoder."""

from __future__ import annotations

import time

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.shapley import draw_walks, exact_shapley, walk_coalitions, walk_shapley
from recsys_core.explain.text_game import TextGame
from recsys_core.explain.text_words import Word, cut_words, plain_blanks, without_words
from recsys_core.models.edited_rows import Encode
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.player import Player
from recsys_core.results import Contribution, Explanation
from recsys_core.results.words import WordContribution, WordExplanation
from recsys_core.seeds import random_stream

EXACT_WORDS = 10  # 1,023 texts
MOST_TEXTS = 400  # read by the encoder for more words
LIME_SAMPLES, FEW_LIME_SAMPLES = 400, 200  # the second of more words, whose texts are long and hardly repeat
Shares = tuple[np.ndarray, np.ndarray | None]


def explain_words(
    scorer: Scorer,
    pair: Pairs,
    background: Pairs,
    explanation: Explanation,
    player: Player,
    encode: Encode,
) -> WordExplanation:
    """The contribution of a text in an explanation, shared out among the text's words, beside LIME's weights of them.

    The words' values are Owen values (`recsys_core.explain.text_game`): exact over the subsets of up to 10 words,
    sampled over more with a standard error, and they sum to what the explanation says of the text. LIME's text
    explainer draws texts without some of the words and fits a line to the same function of them.

    Parameters
    ----------
    pair, background
        Those of the explanation.
    explanation
        Of Shapley values (method ``shapley``); its units and its seed hold here, too.
    player
        A text column of the user or of the item.
    encode
        The model's own encoder (`recsys_core.models.text_vectors.TextVectors`).

    Raises
    ------
    SettingError
        ``words.no_text`` where the cell is empty, ``words.no_words`` where it holds no word, ``words.column`` for a
        column that is no text of this model.
    """
    began = time.perf_counter()
    said = next(c for c in explanation.contributions if c.player == text_player(scorer, player.key))
    text, words = _cut(said)
    texts = _Texts(scorer, pair, background, explanation, player, (text, words), encode)
    shares, error = _shares(texts, len(words), said.contribution, explanation.seed)
    if error is not None or said.standard_error:
        of_text = np.full(len(words), (said.standard_error or 0.0) / len(words))
        error = of_text if error is None else np.hypot(error, of_text)
    weights, fit = _lime(texts, explanation.seed)
    errors = [None] * len(words) if error is None else error.tolist()
    of_each = zip(words, shares.tolist(), errors, weights.tolist(), strict=True)
    return WordExplanation(
        player,
        text,
        tuple(WordContribution(word.text, word.start, word.end, *figures) for word, *figures in of_each),
        said.contribution,
        explanation.units,
        exact=len(words) <= EXACT_WORDS,
        n_contexts=len(texts.game.contexts.row),
        all_contexts=texts.game.contexts.exact,
        n_texts=len(texts.known),
        n_encoded=texts.n_encoded,
        lime_fit=fit,
        lime_samples=texts.lime_samples,
        background=explanation.background,
        seed=explanation.seed,
        seconds=time.perf_counter() - began,
    )


def _cut(said: Contribution) -> tuple[str, tuple[Word, ...]]:
    """The text that a reason holds, and its words. Raises ``SettingError`` where there are none."""
    if said.value is None:
        raise SettingError("words.no_text", column=said.player.key)
    words = cut_words(str(said.value))
    if not words:
        raise SettingError("words.no_words", column=said.player.key, value=said.value)
    return str(said.value), words


def text_players(scorer: Scorer) -> tuple[Player, ...]:
    """The text columns that a model reads, the item's first."""
    groups = (*scorer.features.side("item"), *scorer.features.side("user"))
    return tuple(group.player for group in groups if group.kind == "text")


def text_player(scorer: Scorer, key: str = "") -> Player:
    """The text column of this key, the item's first where none is said; else ``SettingError`` (``words.column``)."""
    players = text_players(scorer)
    found = next((p for p in players if not key or p.key == key), None)
    if found is None:
        raise SettingError("words.column", column=key or "-", known=", ".join(p.key for p in players) or "-")
    return found


class _Texts:
    """What each text would be said to add, in every context: read once, however it is asked for."""

    def __init__(
        self,
        scorer: Scorer,
        pair: Pairs,
        background: Pairs,
        explanation: Explanation,
        player: Player,
        said: tuple[str, tuple[Word, ...]],
        encode: Encode,
    ) -> None:
        self.text, self.words = said
        self.encode, self.n_encoded = encode, 0
        n = len(self.words)
        n_texts = 2**n if n <= EXACT_WORDS else MOST_TEXTS
        self.lime_samples = LIME_SAMPLES if n <= EXACT_WORDS else FEW_LIME_SAMPLES
        self.game = TextGame(
            scorer, pair, background, player, n_texts=n_texts, units=explanation.units, seed=explanation.seed
        )
        index = pair.users[0] if player.side == "user" else pair.items[0]
        own = scorer.features.tables[player.key][index]
        self.known = {plain_blanks(self.text): self.game.values(own[None])[:, 0]}

    def values(self, texts: list[str]) -> np.ndarray:
        """``(n_contexts, n_texts)``."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            self.known.update(zip(new, self.game.values(self.encode(new)).T, strict=True))
            self.n_encoded += len(new)
        return np.stack([self.known[text] for text in texts], 1)

    def of_subsets(self, masks: np.ndarray) -> np.ndarray:
        """Of words ``(n, n_words)`` bool: ``(n_contexts, n)``, 0 where none is in."""
        values = np.zeros((len(self.game.contexts.row), len(masks)))
        some = np.flatnonzero(masks.any(1))
        values[:, some] = self.values([without_words(self.text, self.words, masks[i]) for i in some])
        return values

    def mean(self, texts: list[str]) -> np.ndarray:
        """Mean over the contexts ``(n_texts,)``."""
        return self.game.contexts.weight @ self.values(texts)


def _shares(texts: _Texts, n: int, total: float, seed: int) -> Shares:
    """Values of ``n`` words that sum to ``total``, and their standard errors; None where nothing was drawn.

    Where contexts or words were drawn, only how the words differ is taken from that and ``total``, which is known
    better, is laid on top, an equal share each (the additive efficient normalisation of Ruiz et al. 1998).
    """
    if n <= EXACT_WORDS:
        each = exact_shapley(texts.of_subsets(coalitions(n)))
        variance = np.zeros(n)
    else:
        orderings = max(4, MOST_TEXTS // (n - 1))
        place = draw_walks(1, n, orderings=orderings, rng=random_stream(seed, "orderings of words"))
        values = texts.of_subsets(walk_coalitions(place)[0])
        of_mean = walk_shapley(place, (texts.game.contexts.weight @ values)[None])
        each = np.concatenate([walk_shapley(place, values[i : i + 1])[0] for i in range(len(values))])
        variance = of_mean[1][0]
    contexts = texts.game.contexts
    found = contexts.weight @ each
    if not contexts.exact:
        variance = variance + _variance_of_mean(each - each.mean(1, keepdims=True), contexts.weight)
    shares = found + (total - found.sum()) / n
    return shares, (np.sqrt(variance) if n > EXACT_WORDS or not contexts.exact else None)


def _variance_of_mean(each: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Of a weighted mean over contexts, which come in pairs of one and its reverse: ``(n, k)`` -> ``(k,)``."""
    of_pairs, weight = (each[::2] + each[1::2]) / 2, weight[::2] + weight[1::2]
    off = of_pairs - weight @ of_pairs
    n = len(weight)
    return (weight**2) @ off**2 * n / max(n - 1, 1)


def _lime(texts: _Texts, seed: int) -> tuple[np.ndarray, float]:
    """LIME's weight of each word (Ribeiro et al. 2016, section 3.4) and the weighted R² of its line."""
    from lime.lime_text import LimeTextExplainer

    words = texts.words
    explainer = LimeTextExplainer(
        feature_selection="none",
        split_expression=lambda _: [word.text for word in words],
        bow=False,
        mask_string="",
        random_state=seed,
    )

    def two_columns(drawn: list[str]) -> np.ndarray:
        values = texts.mean([plain_blanks(one) for one in drawn])
        return np.stack([-values, values], 1)

    found = explainer.explain_instance(
        texts.text, two_columns, labels=(1,), num_features=len(words), num_samples=texts.lime_samples
    )
    weights = np.zeros(len(words))
    for word, weight in found.local_exp[1]:
        weights[word] = weight
    return weights, float(found.score)
