"""Model selection: with which ids a ranker is tried; validation decides between the options."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recsys_core.data.features import ID_KEYS, Features
from recsys_core.errors import phrase
from recsys_core.metrics import N_DRAWS
from recsys_core.models.calibration import platt_scaling, scale_head
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.labelled_term import weigh_term
from recsys_core.models.race import Contender, Finish, losers_epochs, race
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.term_strength import stronger_beside, term_strength
from recsys_core.models.training import TrainedRanker, TrainingRun, TrainingSettings
from recsys_core.models.validation import MEASURES, Validator, n_validation_users
from recsys_core.progress import Progress, silent
from recsys_core.results import OptionChoice


@dataclass(frozen=True, slots=True)
class Option:
    """A way of building the model, under a name for the log: without some id groups, with or without a term."""

    name: str
    without: frozenset[str]
    has_term: bool = False


WITH_IDS = Option("with ids", frozenset())
ITEM_ID = Option("item id only", frozenset({ID_KEYS["user"]}))
NO_IDS = Option("without ids", frozenset(ID_KEYS.values()))
TERM_AND_ITEM_ID = Option("term and item id", ITEM_ID.without, has_term=True)
TERM_NO_IDS = Option("term without ids", NO_IDS.without, has_term=True)


def options(task: str, features: Features, *, has_term: bool = False) -> list[Option]:
    """What is tried, the simplest first: the history carries taste, so ``implicit`` asks about the item's id alone.

    Where there is a term to train beside, only the simplest is tried without it; of the two with it the id stands
    first, as ids pay late: within noise after 4 of 12 epochs, they end ahead (MovieLens-100K: .180 against .171).
    """
    tried = [NO_IDS, ITEM_ID if task == "implicit" else WITH_IDS]
    if has_term:
        tried = [NO_IDS, TERM_AND_ITEM_ID, TERM_NO_IDS]
    possible = [option for option in tried if len(features.without(set(option.without)).side("item"))]
    return possible if any(not option.has_term for option in possible) else [ITEM_ID, *possible]


@dataclass(frozen=True, slots=True, eq=False)
class ChosenModel:
    """The option that validation chose, trained in full and calibrated, and how it was chosen."""

    trained: TrainedRanker
    features: Features
    term: ItemItemTerm | None
    choice: OptionChoice

    @property
    def scorer(self) -> Scorer:
        return Scorer(self.trained.ranker, self.features, term=self.term)


def choose(
    features: Features,
    split_dataset: SplitDataset,
    settings: TrainingSettings,
    *,
    term: ItemItemTerm | None = None,
    progress: Progress = silent,
) -> ChosenModel:
    """Race the options (`recsys_core.models.race`), train in full the one that wins, calibrate it on validation.

    ``term`` is the item-item term that validation may give weight to: for ``implicit`` it takes part in training
    (`recsys_core.models.term_strength`), for ``like`` it is weighed afterwards (`recsys_core.models.labelled_term`).
    """
    settings = replace(settings, shape=replace(settings.shape, history=split_dataset.histories.length))
    asked = term_strength(term, split_dataset) if term is not None and split_dataset.task == "implicit" else None
    beside = replace(term, alpha=asked.alpha) if term is not None and asked is not None and asked.alpha > 0 else None
    possible = options(split_dataset.task, features, has_term=beside is not None)
    if not losers_epochs(settings.epochs):  # no race, but likelihood has spoken for the term
        possible = [next((option for option in possible if option.has_term), possible[0])]
    tried = {option.name: _Candidate(option, features, split_dataset, settings, beside) for option in possible}
    contenders = [Contender(name, c.run, c.validator.last) for name, c in tried.items()]
    seed = split_dataset.split.seed
    finish = race(contenders, epochs=settings.epochs, seed=seed, progress=lambda name: _named(progress, tried[name]))
    winner = tried[finish.winner.name]
    while not winner.run.finished:
        winner.run.advance(_named(progress, winner))
    choice = replace(_choice(finish, contenders, split_dataset), likelihood=asked)
    trained, beside = winner.run.result(), winner.term
    if beside is not None:
        beside = stronger_beside(Scorer(trained.ranker, winner.features), beside, split_dataset)
    return calibrated(ChosenModel(trained, winner.features, beside, choice), term, split_dataset)


def calibrated(chosen: ChosenModel, term: ItemItemTerm | None, split_dataset: SplitDataset) -> ChosenModel:
    """The same with probabilities that suit validation; task ``like`` weighs the term beside the network here."""
    ranker = chosen.trained.ranker
    if split_dataset.task == "like" and term is not None:
        weighed = weigh_term(chosen.scorer, term, split_dataset)
        scale_head(ranker, weighed.scale, weighed.shift)
        return replace(chosen, term=weighed.term, choice=replace(chosen.choice, strengths=weighed.strengths))
    if split_dataset.task == "rating":
        return chosen
    pairs = evaluate_pairs(chosen.scorer, split_dataset.labelled("validation"))
    scale, shift = platt_scaling(pairs.label, pairs.score)
    scale_head(ranker, scale, shift)
    if chosen.term is None:
        return chosen
    return replace(chosen, term=replace(chosen.term, alpha=scale * chosen.term.alpha))


class _Candidate:
    """An option with all that its training needs."""

    def __init__(
        self,
        option: Option,
        features: Features,
        split_dataset: SplitDataset,
        settings: TrainingSettings,
        term: ItemItemTerm | None,
    ) -> None:
        self.option, self.features = option, features.without(set(option.without))
        self.term = term if option.has_term else None
        self.validator = Validator(self.features, split_dataset, term=self.term)
        self.run = TrainingRun(self.features, split_dataset, settings, validate=self.validator, term=self.term)


def _choice(finish: Finish, contenders: list[Contender], split_dataset: SplitDataset) -> OptionChoice:
    measured, seed = finish.winner.gains(), split_dataset.split.seed
    return OptionChoice(
        chosen=finish.winner.name,
        measure=MEASURES[split_dataset.task],
        tried=finish.tried(contenders, seed),
        strengths=(),
        likelihood=None,
        n_users=len(measured.gain),
        of_users=n_validation_users(split_dataset),
        n_rows=int(measured.weight.sum()),
        n_draws=N_DRAWS,
        seed=seed,
    )


def _named(progress: Progress, candidate: _Candidate) -> Progress:
    option = phrase(f"option.{candidate.option.name.replace(' ', '_')}")
    return lambda stage, share: progress(phrase("stage.option", stage=stage, option=option), share)
