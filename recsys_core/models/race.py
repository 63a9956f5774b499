"""Race of options: trained side by side, epoch by epoch, until validation can tell which of them to train in full.

No training is thrown away but the losers': the winner goes on from where it is, and ends as it would have
alone. What the losers may cost is settled beforehand, in epochs: ``LOSERS_SHARE`` of a full training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recsys_core.metrics import PairedDifference, UserGains, paired_difference
from recsys_core.models.training import TrainingRun
from recsys_core.models.validation import Validator
from recsys_core.progress import Progress
from recsys_core.results import TriedOption

LOSERS_SHARE = 0.5  # of a full training, for all losers together: a third of the whole time
SURE = 0.975  # share of draws from which on one option counts as better than another
VERY_SURE = 0.999  # ... from which on the other is given up before the end, as every epoch asks again
LEAST_ROUNDS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """An option in training; of two contenders of a race the simpler one stands first."""

    name: str
    run: TrainingRun
    validator: Validator

    @property
    def gains(self) -> UserGains:
        """Its latest validation figure, user by user."""
        if self.validator.last is None:
            raise ValueError("not validated yet")
        return self.validator.last


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Validation of all contenders that were left after one epoch more, in order of simplicity."""

    epoch: int
    gains: dict[str, UserGains]

    def difference(self, first: str, second: str, seed: int) -> PairedDifference:
        return paired_difference(self.gains[first], self.gains[second], seed=seed)

    @property
    def best(self) -> str:
        """The name of the highest figure, of the simplest among equals or where there is none."""
        return max(self.gains, key=lambda name: self.gains[name].figure)


def chosen_of(round_: Round, seed: int) -> str:
    """The simplest option that the best one does not beat beyond the noise of a paired bootstrap over users."""
    best = round_.best
    for name in round_.gains:
        if name == best or not round_.difference(best, name, seed).share_at_least >= SURE:
            return name
    return best


def given_up(rounds: Sequence[Round], seed: int) -> set[str]:
    """Options of the last round that need no further one: the best leads beyond doubt, twice, and they do not catch up.

    An option that learns slowly at first closes the gap from round to round: it is kept while it does.
    """
    if len(rounds) < LEAST_ROUNDS:
        return set()
    before, now = rounds[-2:]
    found = set()
    for name in now.gains:
        gap, earlier = (r.difference(now.best, name, seed) for r in (now, before))
        if min(gap.share_at_least, earlier.share_at_least) >= VERY_SURE and gap.mean >= earlier.mean / 2:
            found.add(name)
    return found - {now.best}


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """Who won a race, and its rounds: an option takes part in all of them until it is given up."""

    winner: Contender
    rounds: tuple[Round, ...]

    def tried(self, contenders: Sequence[Contender], seed: int) -> tuple[TriedOption, ...]:
        """How each contender stands beside the winner in the last round that it took part in."""
        if not self.rounds or not len(self.winner.gains.gain):
            return ()
        return tuple(self._tried(contender, seed) for contender in contenders)

    def _tried(self, contender: Contender, seed: int) -> TriedOption:
        name, chosen = contender.name, self.winner.name
        last = [r for r in self.rounds if name in r.gains][-1]
        beside = last.difference(chosen, name, seed)
        figure, chosen_figure = last.gains[name].figure, last.gains[chosen].figure
        about = (name, contender.run.epochs, contender.run.steps, last.epoch, figure, chosen_figure)
        return TriedOption(*about, beside.mean, beside.low, beside.high, beside.share_at_least)


def race(contenders: Sequence[Contender], *, epochs: int, seed: int, progress: Callable[[str], Progress]) -> Finish:
    """Advance all contenders, the simplest first, until one is left or the losers' share of ``epochs`` is spent.

    ``progress(name)`` takes a contender's reports. The simplest wins without a round where ``epochs`` leave none to
    losers, and after one where validation measures nobody. Where the budget does not feed all, the weakest goes.
    """
    left, rounds, spare = list(contenders), list[Round](), int(LOSERS_SHARE * epochs)
    while len(left) > 1 and spare:
        left = _strongest(left, rounds, 1 + spare)
        for contender in (c for c in left if not c.run.finished):
            contender.run.advance(progress(contender.name))
        spare -= len(left) - 1
        rounds.append(Round(len(rounds) + 1, {c.name: c.gains for c in left}))
        if not len(left[0].gains.gain):
            break
        lost = given_up(rounds, seed)
        left = [c for c in left if c.name not in lost]
    chosen = chosen_of(Round(0, {c.name: c.gains for c in left}), seed) if rounds else left[0].name
    return Finish(next(c for c in left if c.name == chosen), tuple(rounds))


def _strongest(left: list[Contender], rounds: list[Round], most: int) -> list[Contender]:
    """At most ``most`` contenders, still in order of simplicity: the best of the last round, of equals the simpler."""
    if len(left) <= most:
        return left
    order = sorted(left, key=lambda c: -rounds[-1].gains[c.name].figure) if rounds else left
    kept = order[:most]
    return [c for c in left if c in kept]
