"""Race of options: trained side by side, epoch by epoch, until validation can tell which of them to train in full.

No training is thrown away but the losers': the winner goes on from where it is, and ends as it would have
alone. What the losers may cost is settled beforehand, in epochs: ``LOSERS_SHARE`` of a full training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from recsys_core.metrics import PairedDifference, UserGains, paired_difference
from recsys_core.progress import Progress
from recsys_core.results import TriedOption

LOSERS_SHARE = 0.5  # of a full training, for all losers together: a third of the whole time
SURE = 0.95  # share of the draws in which an option that beats another is strictly better
VERY_SURE = 0.999  # ... before the end, as every epoch asks again
LEAST_ROUNDS = 2  # that a decision looks at
EARLIEST = 3  # rounds before one of two is given up; of more the hopeless go sooner, and leave the others more rounds


class Run(Protocol):
    """What a race asks of a training: `recsys_core.models.training.TrainingRun`."""

    @property
    def finished(self) -> bool: ...

    @property
    def epochs(self) -> int: ...

    @property
    def steps(self) -> int: ...

    def advance(self, progress: Progress = ...) -> object: ...


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """An option in training; of two contenders of a race the simpler one stands first.

    ``gains()`` is its latest validation figure, user by user.
    """

    name: str
    run: Run
    gains: Callable[[], UserGains]


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Validation of all contenders that were left after one epoch more, in order of simplicity."""

    epoch: int
    gains: dict[str, UserGains]

    def difference(self, first: str, second: str, seed: int) -> PairedDifference:
        return paired_difference(self.gains[first], self.gains[second], seed=seed)

    def only(self, names: Sequence[str]) -> Round:
        """The same without the others."""
        return Round(self.epoch, {name: self.gains[name] for name in names})

    @property
    def best(self) -> str:
        """The name of the highest figure, of the simplest among equals or where there is none."""
        return max(self.gains, key=lambda name: self.gains[name].figure)


def chosen_of(rounds: Sequence[Round], seed: int) -> str:
    """The simplest option of the last round that no other beats beyond noise.

    Beyond the noise of a paired bootstrap over users, in the last round and in the mean of the last
    ``LEAST_ROUNDS``: one epoch at a steady rate may end in a lucky place, which the bootstrap does not know, and a
    lead that melts is none.
    """
    names, last = list(rounds[-1].gains), rounds[-1]
    mean = mean_round(rounds[-LEAST_ROUNDS:])

    def beats(other: str, name: str) -> bool:
        return all(r.difference(name, other, seed).share_at_least <= 1 - SURE for r in (last, mean))

    return next((n for n in names if not any(beats(other, n) for other in names if other != n)), last.best)


def mean_round(rounds: Sequence[Round]) -> Round:
    """Each user's gains averaged over rounds, for the options that took part in all of them."""
    names = [name for name in rounds[-1].gains if all(name in r.gains for r in rounds)]
    averaged = {}
    for name in names:
        gains = [r.gains[name] for r in rounds]
        averaged[name] = replace(gains[-1], gain=np.mean([g.gain for g in gains], axis=0))
    return Round(rounds[-1].epoch, averaged)


def given_up(rounds: Sequence[Round], seed: int) -> set[str]:
    """Options of the last round that need no further one: the best leads beyond doubt, twice, and they do not catch up.

    An option that learns slowly at first closes the gap from round to round: it is kept while it does.
    """
    if len(rounds) < (EARLIEST if len(rounds[-1].gains) == 2 else LEAST_ROUNDS):
        return set()
    before, now = rounds[-2:]
    found = set()
    for name in now.gains:
        gap, earlier = (r.difference(name, now.best, seed) for r in (now, before))
        if max(gap.share_at_least, earlier.share_at_least) <= 1 - VERY_SURE and gap.mean <= earlier.mean / 2:
            found.add(name)
    return found - {now.best}


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """Who won a race, and its rounds: an option takes part in all of them until it is given up."""

    winner: Contender
    rounds: tuple[Round, ...]

    def tried(self, contenders: Sequence[Contender], seed: int) -> tuple[TriedOption, ...]:
        """How each contender that was trained at all stands beside the winner in its last round."""
        if not self.rounds or not len(self.winner.gains().gain):
            return ()
        return tuple(self._tried(contender, seed) for contender in contenders if contender.run.epochs)

    def _tried(self, contender: Contender, seed: int) -> TriedOption:
        name, chosen = contender.name, self.winner.name
        last = [r for r in self.rounds if name in r.gains][-1]
        beside = last.difference(chosen, name, seed)
        figure, chosen_figure = last.gains[name].figure, last.gains[chosen].figure
        about = (name, contender.run.epochs, contender.run.steps, last.epoch, figure, chosen_figure)
        return TriedOption(*about, beside.mean, beside.low, beside.high, beside.share_at_least)


def losers_epochs(epochs: int) -> int:
    """Epochs of all losers together beside a full training of ``epochs``; 0 where no race is possible."""
    return int(LOSERS_SHARE * epochs)


def race(contenders: Sequence[Contender], *, epochs: int, seed: int, progress: Callable[[str], Progress]) -> Finish:
    """Advance all contenders, the simplest first, until one is left or the losers' share of ``epochs`` is spent.

    ``progress(name)`` takes a contender's reports. The simplest wins without a round where ``epochs`` leave none to
    losers, and after one where validation measures nobody. Where the budget does not feed all, the weakest goes.
    """
    left, rounds, spare = list(contenders), list[Round](), losers_epochs(epochs)
    while len(left) > 1 and spare:
        left = _strongest(left, rounds, 1 + spare)
        for contender in (c for c in left if not c.run.finished):
            contender.run.advance(progress(contender.name))
        spare -= len(left) - 1
        rounds.append(Round(len(rounds) + 1, {c.name: c.gains() for c in left}))
        if not len(left[0].gains().gain):
            break
        lost = given_up(rounds, seed)
        left = [c for c in left if c.name not in lost]
    names = [c.name for c in left]
    chosen = chosen_of([r.only(names) for r in rounds], seed) if rounds else names[0]
    return Finish(next(c for c in left if c.name == chosen), tuple(rounds))


def _strongest(left: list[Contender], rounds: list[Round], most: int) -> list[Contender]:
    """At most ``most`` contenders, still in order of simplicity: the best of the last round, of equals the simpler."""
    if len(left) <= most:
        return left
    order = sorted(left, key=lambda c: -rounds[-1].gains[c.name].figure) if rounds else left
    kept = order[:most]
    return [c for c in left if c in kept]
