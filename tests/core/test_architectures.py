"""Designs: their networks against their formulas, one budget for all, and what is said of their gaps."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from recsys_core.__main__ import main
from recsys_core.architectures import DesignSettings, compare_architectures, load_runs
from recsys_core.architectures.compare import designs_of, figures_of, groups_of, report_of
from recsys_core.architectures.networks import NETWORKS, make_network, n_parameters
from recsys_core.architectures.objective import design_objective
from recsys_core.architectures.scoring import DesignScorer
from recsys_core.architectures.stored import save_runs
from recsys_core.architectures.train import all_features, train_design
from recsys_core.errors import SettingError
from recsys_core.fairness import holm
from recsys_core.models.objective import IdRegulation
from recsys_core.models.ranker import EMPTY, SharedDropout
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings, make_objective
from recsys_core.models.workspace import open_model
from recsys_core.results.architectures import KINDS, Design, DesignRun, OverSeeds

BUDGET = DesignSettings(seeds=1, epochs=1)


@pytest.fixture(scope="module")
def model(grouped_workspace, tmp_path_factory):
    return open_model(shutil.copytree(grouped_workspace, tmp_path_factory.mktemp("designs") / "grouped"))


def network(model, kind: str):
    return make_network(kind, model.features.groups, 5, torch.Generator().manual_seed(1)).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_a_catalogues_scores_are_those_of_its_pairs(model, kind):
    scorer = DesignScorer(network(model, kind), model.features)
    task = model.split_dataset.ranking_of(model.split_dataset.test_users[:5])
    everything = scorer.score_catalogue(task.users, task.histories, task.known)
    items = np.array([3, 0, 7, 11, 2])
    pairs = scorer.score_pairs(task.users, items, task.histories, task.known)
    assert pairs == pytest.approx(everything[np.arange(5), items], abs=1e-5)


def test_networks_say_their_formulas(model):
    """Each from its weights, by loops over fields."""
    draw = torch.Generator().manual_seed(0)
    fm, cross, logistic = (network(model, kind) for kind in ("fm", "cross", "logistic"))
    x = torch.randn(1, 1, fm.n_inputs, generator=draw)
    fields = x.flatten().split(16)
    pairs = sum(float(fields[i] @ fields[j]) for i in range(len(fields)) for j in range(i))
    assert float(fm.logit(x)) == pytest.approx(float(fm.head(x).detach()) + pairs, rel=1e-4)
    first, now = x.flatten(), x.flatten()
    for thin, wide in zip(cross.thin, cross.wide, strict=True):
        now = first * (wide.weight @ (thin.weight @ now) + wide.bias) + now
    assert float(cross.logit(x)) == pytest.approx(float(cross.head(now)), rel=1e-4)
    assert logistic.adapter.tables["item_id"].weight.shape[1] == 1
    users, past = torch.randn(2, logistic.n_user, generator=draw), torch.randn(2, 1, 16, generator=draw)
    items = torch.randn(4, logistic.n_item, generator=draw)
    scores = logistic.grid(users, items, past.expand(2, 4, 16))
    assert torch.allclose(scores[0] - scores[1], (scores[0] - scores[1])[:1].expand(4), atol=1e-5), "one order for all"


def implicit(model, kind: str):
    """A network without dropout and hidden ids over the same data for task ``implicit``, its settings, and the data."""
    split_dataset = SplitDataset.build(model.dataset, task="implicit", kind="time", seed=0, length=5)
    made = network(model, kind).train()
    for part in made.modules():
        if isinstance(part, SharedDropout):
            part.p = 0.0
    return made, split_dataset, TrainingSettings(ids=IdRegulation(0.0, 0.0), shape=made.shape)


@pytest.mark.parametrize("kind", KINDS)
def test_every_design_learns_task_implicit(model, kind):
    made, split_dataset, settings = implicit(model, kind)
    objective = design_objective(made, model.features, split_dataset, settings)
    batch = objective.batches(4096, np.random.default_rng(0))[0]
    objective.loss(batch, np.random.default_rng(0)).backward()
    assert float(made.head.weight.grad.abs().sum()) > 0
    assert float(made.adapter.tables["item_id"].weight.grad.abs().sum()) > 0


def test_attention_has_the_loss_of_the_rankers_own_training(model):
    made, split_dataset, settings = implicit(model, "attention")
    ours, own = (make(made, model.features, split_dataset, settings) for make in (design_objective, make_objective))
    batch = own.batches(4096, np.random.default_rng(0))[0]
    losses = [float(objective.loss(batch, np.random.default_rng(1)).detach()) for objective in (ours, own)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_mean_of_a_history_passes_over_empty_places(model):
    attention = network(model, "mlp").adapter.attention
    values = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [9.0, 9.0]], [[5.0, 5.0]] * 3])
    absent = torch.tensor([[[0.0, 0.0, EMPTY]], [[EMPTY] * 3]])
    pooled = attention(torch.zeros(2, 1, 1), values, values, absent)
    assert pooled.squeeze(1).tolist() == [[2.0, 4.0], [0.0, 0.0]]


def test_designs_of_what_the_features_hold(model):
    made, left_out = designs_of(all_features(model))
    assert len(made) == 20
    assert left_out == ()
    assert made[-1] == Design("attention", True, True)
    ids = model.features.without({g.key for g in model.features.groups if g.side == "item" and g.kind != "id"})
    made, left_out = designs_of(ids)
    assert {d.ids for d in made} == {True}
    assert {d.ids for d in left_out} == {False}
    assert {n_parameters(network(model, kind)) > 0 for kind in NETWORKS} == {True}


def runs(gaps: dict[str, list[float]], ndcg: dict[str, list[float]]) -> dict[Design, list[DesignRun]]:
    return {
        Design(kind, True, False): [
            DesignRun(Design(kind, True, False), s, q, 0.7, {"user.team": g}, {"user.team": "a"}, 10, 1.0)
            for s, (g, q) in enumerate(zip(gaps[kind], ndcg[kind], strict=True))
        ]
        for kind in gaps
    }


def test_figures_are_those_of_scipy_and_holm():
    gaps = {"fm": [0.02, 0.021, 0.022], "mlp": [0.08, 0.05, 0.11], "attention": [0.09, 0.095, 0.1]}
    ndcg = {"fm": [0.2, 0.21, 0.22], "mlp": [0.2, 0.21, 0.2], "attention": [0.21, 0.21, 0.23]}
    by_design = runs(gaps, ndcg)
    app = Design("attention", True, False)
    fm, mlp, own = figures_of(by_design, app, "user.team")
    p = [stats.ttest_rel(gaps[kind], gaps["attention"]).pvalue for kind in ("fm", "mlp")]
    assert [fm.p_gap, mlp.p_gap] == pytest.approx(holm(np.array(p)).tolist(), abs=1e-12)
    assert (own.p_gap, own.gap_change) == (None, 0)
    low, high = stats.t.interval(0.95, 2, np.mean(gaps["fm"]), stats.sem(gaps["fm"]))
    assert (fm.gap.low, fm.gap.high) == pytest.approx((low, high), abs=1e-12)
    assert OverSeeds.of((0.3,)) == OverSeeds(0.3, None, None, (0.3,))


def verdict(model, gaps, ndcg):
    by_column = {"fm": gaps, "attention": [0.09, 0.095, 0.1]}
    every = runs(by_column, {"fm": ndcg, "attention": [0.21, 0.22, 0.23]})
    known = [replace(r, gaps={"user.gender": r.gaps["user.team"]}, worst={"user.gender": "F"})
             for some in every.values() for r in some]  # fmt: skip
    return report_of(known, "user.gender", model, DesignSettings(3, 1))


def test_a_verdict_asks_for_more_than_noise_and_names_a_gap_that_quality_paid_for(model):
    fm = Design("fm", True, False)
    same = verdict(model, [0.02, 0.025, 0.03], [0.2, 0.22, 0.24])
    assert (same.fairer, same.poorer) == ((fm,), ())
    dear = verdict(model, [0.02, 0.025, 0.03], [0.11, 0.12, 0.131])
    assert (dear.fairer, dear.poorer) == ((), (fm,))
    noise = verdict(model, [0.02, 0.12, 0.05], [0.2, 0.22, 0.24])
    assert (noise.fairer, noise.poorer) == ((), ())


TRAINED = (Design("logistic", False, False), Design("cross", True, False), Design("attention", True, True))


def test_an_ended_comparison_goes_on_with_what_is_missing(model):
    """All but three of the twenty are kept; those are trained, once."""
    made, _ = designs_of(all_features(model))
    known = {"gaps": {"user.gender": 0.1, "user.age": 0.2}, "worst": {"user.gender": "F", "user.age": "18–24"}}
    save_runs(
        model, 1, [DesignRun(d, 0, 0.5, 0.5, n_parameters=1, seconds=0, **known) for d in made if d not in TRAINED]
    )
    told: list[str] = []
    found = compare_architectures(model, "gender", BUDGET, progress=lambda stage, share: told.append(str(stage)))
    assert len(told) == len(TRAINED)
    assert len(found.designs) == 20
    own = {f.design: f for f in found.designs if f.design in TRAINED}
    assert all(0 <= f.ndcg.mean <= 1 and f.gap.mean >= 0 and f.n_parameters > 1 for f in own.values())
    assert (found.fairer, found.poorer) == ((), ()), "one seed shows nothing"
    again = compare_architectures(model, "age", BUDGET, progress=lambda stage, share: told.append(str(stage)))
    assert len(told) == len(TRAINED)
    assert [f.ndcg for f in again.designs] == [f.ndcg for f in found.designs]
    kept = {run.design: run for run in load_runs(model)[1]}
    same = train_design(model, TRAINED[0], 0, BUDGET, groups_of(model), available=all_features(model))
    assert replace(same, seconds=0) == replace(kept[TRAINED[0]], seconds=0), "a run is its seed's"
    (model.path / "architectures.json").write_text("{")
    assert load_runs(model) == (0, [])
    save_runs(model, 1, list(kept.values()))


def test_bad_requests_are_one_sentence(grouped_workspace, tiny_workspace, capsys):
    for words, said in (
        (("--by", "item.category"), "a column of items"),
        (("--by", "age=30/50"), "Take user.age."),
        (("--by", "height"), "height"),
        (("--by", "gender", "--seeds", "0"), "seeds"),
    ):
        assert main(["architectures", "--workspace", str(grouped_workspace), *words, "--json"]) == 2
        assert said in capsys.readouterr().err
    with pytest.raises(SettingError, match="has no two groups"):
        compare_architectures(open_model(tiny_workspace), "gender", BUDGET)


def test_the_command_prints_the_designs(model, capsys):
    words = [
        "architectures",
        "--workspace",
        str(model.path.parents[1]),
        "--by",
        "gender",
        "--seeds",
        "1",
        "--epochs",
        "1",
    ]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"by", "designs", "fairer", "poorer", "seeds", "epochs", "n_users"} <= set(found)
    assert {"design", "ndcg", "auc", "gap", "p_gap", "n_parameters"} <= set(found["designs"][0])
