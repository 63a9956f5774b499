"""Results of model selection: what each option reached on validation, and how sure the choice between them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.results.dataclass_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class TriedOption:
    """One way of building the model, compared with the chosen one after equally many epochs of training.

    Attributes
    ----------
    name
        ``without ids``, ``with ids``, ``item id only``; of two options the simpler one stands first.
    epochs, steps
        How long it was trained: the chosen one in full, the others until they were given up; steps are batches.
    figure, chosen_figure
        Validation figure (higher is better: minus log loss, minus RMSE, NDCG@10) of this option and of the chosen
        one after ``compared_after`` epochs.
    difference, low, high
        The chosen one's figure less this one's on the same users, and the ends of its paired 95 % interval.
    share_at_least
        Share of the bootstrap draws in which the chosen one is at least as good. It and the interval are unknown (NaN,
        or None as it was read) where too few users were measured.
    """

    name: str
    epochs: int
    steps: int
    compared_after: int
    figure: float
    chosen_figure: float
    difference: float
    low: float | None
    high: float | None
    share_at_least: float | None


@dataclass(frozen=True, slots=True)
class TermStrength:
    """How strongly the item-item term counts, and what said so; see `recsys_core.models.term_strength`.

    Attributes
    ----------
    alpha
        The strength of largest likelihood, 0 where the term says nothing beyond popularity.
    gain, standard_error
        By how much it raises the log probability of what validation users took next over popularity alone, in
        nats a user, and the standard error of that mean.
    n_users, seed
        The users who were asked, and what drew them.
    """

    alpha: float
    gain: float
    standard_error: float
    n_users: int
    seed: int


@dataclass(frozen=True, slots=True)
class TriedStrength:
    """A strength of the item-item term beside the network, 0 for none, and the validation figure with it.

    ``share_at_least`` of the bootstrap draws have the chosen strength at least as good; as `TriedOption`'s.
    """

    strength: float
    figure: float
    share_at_least: float | None


@dataclass(frozen=True, slots=True)
class OptionChoice:
    """Which option was trained in full, and what validation said of each: the log of a choice.

    ``tried`` holds every option in order of simplicity, and is empty where there was nothing to compare: one option
    alone, too few epochs, or nobody to measure by. How strong the item-item term should be was either tried beside the
    trained network (``strengths``, task ``like``), or said beforehand by ``likelihood`` (``implicit``); empty and None
    where it was not asked.
    ``n_users`` and ``n_rows`` count what validation measured by, drawn by the seed where there are more, ``of_users``.
    """

    chosen: str
    measure: str
    tried: tuple[TriedOption, ...]
    strengths: tuple[TriedStrength, ...]
    likelihood: TermStrength | None
    n_users: int
    of_users: int
    n_rows: int
    n_draws: int
    seed: int

    @property
    def others(self) -> tuple[TriedOption, ...]:
        """The options that were given up."""
        return tuple(option for option in self.tried if option.name != self.chosen)

    @property
    def share_given_up(self) -> float:
        """Share of all training steps that went into options which were not kept."""
        steps = sum(option.steps for option in self.tried)
        return sum(option.steps for option in self.others) / steps if steps else 0.0

    def to_json(self) -> dict[str, Any]:
        return to_json(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> OptionChoice:
        """The inverse of `to_json`; ``KeyError`` or ``TypeError`` for anything else."""
        return from_json(cls, data)
