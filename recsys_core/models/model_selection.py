"""Model selection: with which ids a ranker is tried; validation decides between the options."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recsys_core.data.features import ID_KEYS, Features
from recsys_core.errors import phrase
from recsys_core.metrics import N_DRAWS
from recsys_core.models.calibration import calibrate, scale_head
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.labelled_term import weigh_term
from recsys_core.models.race import Contender, Finish, race
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainedRanker, TrainingRun, TrainingSettings
from recsys_core.models.validation import MEASURES, Validator, n_validation_users
from recsys_core.progress import Progress, silent
from recsys_core.results import OptionChoice


@dataclass(frozen=True, slots=True)
class Option:
    """A way of building the ranker, under a name for the log: the id groups that it does without."""

    name: str
    without: frozenset[str]


WITH_IDS = Option("with ids", frozenset())
ITEM_ID = Option("item id only", frozenset({ID_KEYS["user"]}))
NO_IDS = Option("without ids", frozenset(ID_KEYS.values()))


def options(task: str, features: Features) -> list[Option]:
    """What is tried, the simplest first: the history carries taste, so ``implicit`` asks about the item's id alone."""
    tried = (NO_IDS, ITEM_ID) if task == "implicit" else (NO_IDS, WITH_IDS)
    return [option for option in tried if len(features.without(set(option.without)).side("item"))]


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

    ``term`` is the item-item term that validation may give weight to.
    """
    settings = replace(settings, shape=replace(settings.shape, history=split_dataset.histories.length))
    tried = {o.name: _Candidate(o, features, split_dataset, settings) for o in options(split_dataset.task, features)}
    contenders = [Contender(name, c.run, c.validator.last) for name, c in tried.items()]
    seed = split_dataset.split.seed
    finish = race(contenders, epochs=settings.epochs, seed=seed, progress=lambda name: _named(progress, name))
    winner = tried[finish.winner.name]
    while not winner.run.finished:
        winner.run.advance(_named(progress, winner.option.name))
    trained, choice = winner.run.result(), _choice(finish, contenders, split_dataset)
    scorer = Scorer(trained.ranker, winner.features)
    if split_dataset.task == "like" and term is not None:
        weighed = weigh_term(scorer, term, split_dataset)
        scale_head(trained.ranker, weighed.scale, weighed.shift)
        return ChosenModel(trained, winner.features, weighed.term, replace(choice, strengths=weighed.strengths))
    if split_dataset.task != "rating":
        pairs = evaluate_pairs(scorer, split_dataset.labelled("validation"))
        calibrate(trained.ranker, pairs.label, pairs.score)
    return ChosenModel(trained, winner.features, None, choice)


class _Candidate:
    """An option with all that its training needs."""

    def __init__(
        self, option: Option, features: Features, split_dataset: SplitDataset, settings: TrainingSettings
    ) -> None:
        self.option, self.features = option, features.without(set(option.without))
        self.validator = Validator(self.features, split_dataset)
        self.run = TrainingRun(self.features, split_dataset, settings, validate=self.validator)


def _choice(finish: Finish, contenders: list[Contender], split_dataset: SplitDataset) -> OptionChoice:
    measured, seed = finish.winner.gains(), split_dataset.split.seed
    return OptionChoice(
        chosen=finish.winner.name,
        measure=MEASURES[split_dataset.task],
        tried=finish.tried(contenders, seed),
        strengths=(),
        n_users=len(measured.gain),
        of_users=n_validation_users(split_dataset),
        n_rows=int(measured.weight.sum()),
        n_draws=N_DRAWS,
        seed=seed,
    )


def _named(progress: Progress, name: str) -> Progress:
    option = phrase(f"option.{name.replace(' ', '_')}")
    return lambda stage, share: progress(phrase("stage.option", stage=stage, option=option), share)
