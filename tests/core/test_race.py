"""The race between options: who wins, what the losers cost, and what its log says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.metrics import N_DRAWS, UserGains, paired_difference
from recsys_core.models.race import LOSERS_SHARE, Contender, Finish, race
from recsys_core.progress import silent
from recsys_core.results import OptionChoice, TermStrength, TriedStrength

N_USERS, STEPS = 100, 7
LEVEL = np.random.default_rng(99).normal(size=N_USERS)  # users differ, the same for every option


class Script:
    """A training whose validation figures are written down; ``noise`` is that of one user's figure."""

    def __init__(self, figures: list[float], noise: float, stream: int) -> None:
        self.figures, self.noise, self.epochs = figures, noise, 0
        self.random, self.found = np.random.default_rng(stream), [UserGains(np.zeros(0), np.zeros(0))]

    @property
    def finished(self) -> bool:
        return self.epochs >= len(self.figures)

    @property
    def steps(self) -> int:
        return STEPS * self.epochs

    def advance(self, progress=silent) -> None:
        own = self.random.normal(size=N_USERS)
        gain = LEVEL + self.figures[self.epochs] + self.noise * (own - own.mean())
        self.found.append(UserGains(gain, np.ones(N_USERS)))
        self.epochs += 1

    def gains(self) -> UserGains:
        return self.found[-1]


def contenders(*curves: list[float], noise: float = 0.1) -> list[Contender]:
    """One for each curve of validation figures; 0.1 a user makes 0.028 of a difference two standard errors."""
    scripts = [Script(curve, noise, stream) for stream, curve in enumerate(curves)]
    return [Contender(str(i), script, script.gains) for i, script in enumerate(scripts)]


def run(field: list[Contender], epochs: int) -> Finish:
    finish = race(field, epochs=epochs, seed=0, progress=lambda name: silent)
    while not finish.winner.run.finished:
        finish.winner.run.advance()
    return finish


def logged(finish: Finish, field: list[Contender]) -> OptionChoice:
    strengths = (TriedStrength(0.0, 0.1, 0.5),)
    counts = {"n_users": N_USERS, "of_users": N_USERS, "n_rows": N_USERS, "n_draws": N_DRAWS, "seed": 0}
    likelihood = TermStrength(2.0, 0.3, 0.1, N_USERS, 0)
    return OptionChoice(finish.winner.name, "logloss", finish.tried(field, 0), strengths, likelihood, **counts)


def rising(to: float, *, epochs: int = 8) -> list[float]:
    return [to - 0.5**e for e in range(epochs)]


def test_the_better_option_wins_whichever_side_it_stands_on():
    assert run(contenders(rising(0.5), rising(0.6)), 8).winner.name == "1"
    assert run(contenders(rising(0.6), rising(0.5)), 8).winner.name == "0"


def test_the_simpler_option_wins_a_tie_within_noise():
    assert run(contenders(rising(0.5), rising(0.505)), 8).winner.name == "0"
    assert run(contenders(rising(0.5), rising(0.505), rising(0.505)), 8).winner.name == "0"


def test_of_equal_options_the_simplest_wins():
    finish = run(contenders(rising(0.5), rising(0.5), noise=0.0), 8)
    assert (finish.winner.name, len(finish.rounds)) == ("0", 4)


def test_a_lucky_round_is_not_enough():
    """The bootstrap over users knows nothing of where an epoch happened to end: one lead alone convinces nobody."""
    assert run(contenders([0.5] * 8, [0.4, 0.4, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6]), 8).winner.name == "0"


def test_a_lead_that_melts_is_none():
    """Far in front after the first of two rounds, within noise after the second."""
    finish = run(contenders([0.1, 0.5, 0.5, 0.5], [0.4, 0.51, 0.51, 0.51]), 4)
    assert (finish.winner.name, len(finish.rounds)) == ("0", 2)


def test_an_option_that_starts_slowly_is_kept_while_it_catches_up():
    """Behind beyond doubt in the first three rounds, in front in the last two."""
    slow = [0.0, 0.2, 0.4, 0.56, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    finish = run(contenders([0.4] + [0.5] * 9, slow), 10)
    assert (finish.winner.name, len(finish.rounds)) == ("1", 5)


def test_a_hopeless_option_is_given_up_early():
    finish = run(contenders(rising(0.5, epochs=20), rising(0.8, epochs=20)), 20)
    assert (finish.winner.name, len(finish.rounds)) == ("1", 3)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=16, max_size=16), min_size=1, max_size=5),
    st.integers(1, 16),
    st.sampled_from([0.0, 0.1, 1.0]),
)
def test_losers_cost_a_third_of_all_steps_at_most(curves, epochs, noise):
    """Counted in batches, whatever the figures say; the log adds up to what was trained."""
    field = contenders(*[curve[:epochs] for curve in curves], noise=noise)
    finish = run(field, epochs)
    choice = logged(finish, field)
    assert finish.winner.run.epochs == epochs
    assert sum(c.run.steps for c in field) - finish.winner.run.steps <= LOSERS_SHARE * STEPS * epochs
    assert choice.share_given_up <= 1 / 3
    trained = [(c.name, c.run.steps, c.run.epochs) for c in field if c.run.epochs] if finish.rounds else []
    assert [(o.name, o.steps, o.epochs) for o in choice.tried] == trained


def test_the_log_says_what_can_be_computed_anew():
    field = contenders(rising(0.5, epochs=16), rising(0.53, epochs=16), rising(0.2, epochs=16))
    finish = run(field, 16)
    tried = {option.name: option for option in finish.tried(field, seed=3)}
    assert (list(tried), finish.winner.name) == (["0", "1", "2"], "1")
    assert tried["2"].epochs < tried["0"].epochs < tried["1"].epochs
    for option in tried.values():
        own, chosen = (field[int(name)].run.found[option.compared_after] for name in (option.name, "1"))
        assert (option.figure, option.chosen_figure) == pytest.approx((own.gain.mean(), chosen.gain.mean()))
        beside = paired_difference(chosen, own, seed=3)
        assert (option.low, option.high, option.share_at_least) == (beside.low, beside.high, beside.share_at_least)
        assert option.difference == pytest.approx(chosen.gain.mean() - own.gain.mean())
    assert (tried["1"].difference, tried["1"].share_at_least) == (0, 1)
    choice = logged(finish, field)
    assert OptionChoice.from_json(json.loads(json.dumps(choice.to_json()))) == choice


def test_one_epoch_leaves_nothing_to_losers():
    field = contenders([0.1], [0.9])
    finish = run(field, 1)
    assert (finish.winner.name, finish.rounds, field[1].run.epochs) == ("0", (), 0)


def test_without_anybody_to_measure_by_the_simplest_is_trained():
    class Blind(Script):
        def gains(self) -> UserGains:
            return UserGains(np.zeros(0), np.zeros(0))

    scripts = [Blind([float("nan")] * 8, 0.0, stream) for stream in (0, 1)]
    field = [Contender(str(i), script, script.gains) for i, script in enumerate(scripts)]
    finish = run(field, 8)
    assert (finish.winner.name, scripts[1].epochs, finish.tried(field, 0)) == ("0", 1, ())


def test_the_paired_interval_is_that_of_a_plain_bootstrap():
    random = np.random.default_rng(0)
    weight = random.integers(1, 9, 50).astype(float)
    first, second = (UserGains(-random.gamma(2, weight), weight) for _ in range(2))
    found = paired_difference(first, second, seed=1)
    rows = random.integers(0, 50, (20_000, 50))
    plain = first.gain[rows].sum(1) / weight[rows].sum(1) - second.gain[rows].sum(1) / weight[rows].sum(1)
    low, high = np.quantile(plain, [0.025, 0.975])
    assert found.mean == pytest.approx(first.gain.sum() / weight.sum() - second.gain.sum() / weight.sum())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1 * (high - low))
    assert found.share_at_least == pytest.approx((plain >= 0).mean(), abs=0.05)
    other = paired_difference(second, first, seed=1)
    assert (other.mean, other.low, other.high) == pytest.approx((-found.mean, -found.high, -found.low))


def test_users_beyond_the_bound_are_drawn_in_groups_with_the_same_spread():
    random = np.random.default_rng(0)
    first, second = (UserGains(random.normal(size=50_000), np.ones(50_000)) for _ in range(2))
    found = paired_difference(first, second, seed=0)
    expected = 2 * 1.96 * np.std(first.gain - second.gain) / np.sqrt(50_000)
    assert found.high - found.low == pytest.approx(expected, rel=0.1)


def test_errors_of_ratings_are_compared_as_roots():
    loss = np.array([1.0, 4.0])
    gains = UserGains(-loss, np.array([1.0, 1.0]), is_root=True)
    assert gains.figure == -np.sqrt(2.5)
