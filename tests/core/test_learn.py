"""Learning as a whole: from a log of feedback to a decision, its model, and the way back."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recsys_core.__main__ import main
from recsys_core.compress.threads import one_core
from recsys_core.errors import SettingError, WorkspaceError
from recsys_core.feedback import FeedbackLog
from recsys_core.learning import promote_held, refuse_held, roll_back, watch
from recsys_core.learning.acts import finish_promotion
from recsys_core.learning.judge import judge
from recsys_core.learning.ladder import EVERYTHING, lesson, teach
from recsys_core.learning.learn import Look, learn, only_learner
from recsys_core.learning.rows import feedback_rows
from recsys_core.learning.store import clear_refused
from recsys_core.learning.watch import is_due
from recsys_core.models.workspace import Workspace
from recsys_core.results.learning import Decision
from recsys_core.results.serving import FeedbackEvent
from recsys_core.versions import DecisionLog, Versions

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "learning.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("learning_benchmark", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def parent(grouped_workspace):
    return Workspace.open(grouped_workspace).model()


@pytest.fixture(scope="module")
def trend(benchmark, parent) -> pd.DataFrame:
    return benchmark.stream(parent, seed=0, trend=2.0, rounds=4)


@pytest.fixture
def workspace(grouped_workspace, tmp_path) -> Path:
    return Path(shutil.copytree(grouped_workspace, tmp_path / "copy"))


def feed(workspace: Path, events: pd.DataFrame) -> None:
    """Put events into the workspace's log."""
    log = FeedbackLog.open(workspace)
    told = zip(events["seq"], events["user_id"], events["item_id"], events["outcome"], strict=True)
    log.append([FeedbackEvent(event_id=f"e{n}", user_id=u, item_id=i, outcome=o) for n, u, i, o in told]).result()
    log.close()


def weights(ranker) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in ranker.state_dict().items()}


def test_the_same_rows_and_seed_give_the_same_weights_on_any_number_of_threads(parent, trend):
    rows = feedback_rows(parent.split_dataset, trend[:1500], (0, 1500), seed=0)
    before, threads, found = weights(parent.ranker), torch.get_num_threads(), []
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            found.append(taught(parent, rows.training, seed=0))
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] != before == weights(parent.ranker)


@one_core()
def taught(parent, feedback, *, seed: int) -> dict[str, bytes]:
    return weights(teach(EVERYTHING, lesson(parent, feedback, seed=seed)).ranker)


def test_nonsense_is_not_promoted_where_the_holdout_is_nonsense_too(benchmark, parent):
    """The rolling holdout sees a large gain; the anchor, or what the parent expects of its users, does not."""
    events = benchmark.stream(parent, seed=1, rounds=4)
    events["outcome"] = benchmark.flipped(0.3)(events, parent.split_dataset, np.random.default_rng(0))
    judged = judge(parent, feedback_rows(parent.split_dataset, events, (0, len(events)), seed=0), look=1, seed=0)
    assert judged.chosen.against.decision == "held"
    assert judged.chosen.rolling.overall.low > 0


def test_from_the_log_to_a_served_version_and_back(workspace, trend, capsys):
    assert not is_due(workspace)
    little = learn(workspace)
    assert (little.decision, little.reason.key, little.candidate) == ("refused", "learning.too_little", None)
    feed(workspace, trend)
    assert is_due(workspace)
    assert main(["learn", "--workspace", str(workspace), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    keys = {"candidate", "parent", "decision", "reason", "rolling", "anchor", "groups", "seconds"}
    assert keys <= set(said)
    assert [t["rule"] for t in said["tried"]] == ["histories", "recalibrate", "second_layer", "everything"]
    assert (said["decision"], said["parent"], said["look"]) == ("promoted", "first", 1)
    assert not is_due(workspace)
    opened = Workspace.open(workspace)
    model = opened.model()
    assert model.id == said["candidate"] == Versions(workspace).current().model
    about = {name: model.config["learned"][name] for name in ("parent", "after", "upto", "rule", "seed")}
    assert about == {"parent": "first", "after": 0, "upto": len(trend), "rule": said["rule"], "seed": 0}
    assert model.evaluation().anew is None
    assert model.training.model["auc"] == pytest.approx(model.evaluation().auc)
    assert main(["rollback", "--workspace", str(workspace), "--json"]) == 0
    back = json.loads(capsys.readouterr().out)
    assert {"current": 1, "previous": 2}.items() <= back.items()
    assert DecisionLog(workspace).get(said["id"]).reason.key == "learning.rolled_back"
    again = learn(workspace)
    assert (again.reason.key, again.n_rows, again.parent_version) == ("learning.too_little", 0, 1)
    assert main(["rollback", "--workspace", str(workspace)]) == 2
    assert "none to go back to" in capsys.readouterr().err


def test_a_second_learner_refuses_and_a_killed_one_is_finished(workspace, parent):
    with only_learner(workspace), pytest.raises(WorkspaceError) as found:
        learn(workspace)
    assert found.value.key == "learning.locked"
    twin = _twin(workspace)
    log = DecisionLog(workspace)
    log.append(_decision(workspace, "promoted", twin))  # ... and killed before it was served
    assert Versions(workspace).current().model == "first"
    finish_promotion(workspace)
    assert Versions(workspace).current().model == twin
    roll_back(workspace)
    finish_promotion(workspace)  # it was served once: nobody brings it back
    assert Versions(workspace).current().model == "first"


def test_what_is_held_is_promoted_or_refused_by_a_person(workspace):
    log, twin = DecisionLog(workspace), _twin(workspace)
    first = log.append(_decision(workspace, "held", twin))
    second = log.append(_decision(workspace, "held", twin))
    assert refuse_held(workspace, second.id).by == "person"
    assert Versions(workspace).refused == ((3, 9),)
    promoted = promote_held(workspace, first.id)
    assert (promoted.decision, promoted.by, promoted.id) == ("promoted", "person", first.id)
    assert Versions(workspace).current().model == twin
    stale = log.append(replace(_decision(workspace, "held", "first"), parent_version=1))
    for decision, key in ((first.id, "learning.not_held"), (stale.id, "learning.outdated"), (99, "versions.decision")):
        with pytest.raises(SettingError) as found:
            promote_held(workspace, decision)
        assert found.value.key == key


def test_what_a_person_promoted_and_was_killed_is_finished_when_it_is_asked_again(workspace):
    log, twin = DecisionLog(workspace), _twin(workspace)
    held = log.append(_decision(workspace, "held", twin))
    log.append(replace(held, decision="promoted", by="person"), number=held.id)  # ... and killed
    with pytest.raises(SettingError, match="it is promoted"):
        promote_held(workspace, held.id)
    assert Versions(workspace).current().model == twin


def test_a_version_that_came_to_be_served_meanwhile_is_not_thrown_out(workspace):
    look, twin = Look.open(workspace, 0), _twin(workspace)
    promoted, refused = (_decision(workspace, state, twin) for state in ("promoted", "refused"))
    assert look.unless_replaced(promoted) == promoted
    Versions(workspace).promote(_twin(workspace))
    found = look.unless_replaced(promoted)
    assert (found.decision, found.reason.key) == ("refused", "learning.replaced")
    assert look.unless_replaced(refused) == refused


def test_only_candidates_that_are_over_are_cleared_away(workspace):
    log = DecisionLog(workspace)
    again, over = (_twin(workspace, learned={}) for _ in range(2))
    _twin(workspace, learned={})  # of a learner that was killed before it decided
    trained = _twin(workspace)
    for state, candidate in (("refused", again), ("refused", over), ("refused", trained), ("held", again)):
        log.append(_decision(workspace, state, candidate))  # an id that was free again was given once more
    clear_refused(Workspace.open(workspace))
    assert Versions(workspace).store.ids() == sorted(["first", again, trained])


def test_feedback_that_a_person_decided_about_is_no_measure_of_when_to_look_again(workspace, trend, monkeypatch):
    monkeypatch.setattr(watch, "FIRST_ROWS", 10)
    held = DecisionLog(workspace).append(replace(_decision(workspace, "held", _twin(workspace)), after=-991))
    feed(workspace, trend[:30])
    assert not is_due(workspace)  # half as many again as the thousand of the last look
    promote_held(workspace, held.id)
    assert is_due(workspace)


def test_a_persons_acts_load_no_pytorch():
    code = "import sys, recsys_core.__main__, recsys_core.learning; print({'torch', 'pandas'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def _twin(workspace: Path, **said: object) -> str:
    """Id of a copy of the first model."""
    models = Versions(workspace).store
    source = models.folder("first")

    def write(folder: Path, about: dict) -> None:
        for file in source.iterdir():
            (shutil.copytree if file.is_dir() else shutil.copy)(file, folder / file.name)
        config = json.loads((folder / "config.json").read_text()) | about | said
        (folder / "config.json").write_text(json.dumps(config))

    return models.add("twin", write)


def _decision(workspace: Path, state: str, candidate: str) -> Decision:
    little = {"gain": None, "low": None, "high": None, "n_users": 0, "n_rows": 0}
    version = Versions(workspace).current()
    about = {"id": 0, "candidate": candidate, "parent": version.model, "parent_version": version.version, "at": "now"}
    about |= {
        "decision": state,
        "by": "guard",
        "reason": {"key": "learning.better", "values": {}},
        "rule": "everything",
    }
    about |= {"seed": 0, "after": 3, "upto": 9, "n_rows": 6, "n_users": 2, "n_capped": 0, "rolling": little}
    about |= {"anchor": little, "groups": [], "overlap": None, "drift": None, "look": 1, "alpha": 0.01, "seconds": 1.0}
    about |= {"surprise": None, "widened": None, "tried": [], "n_unknown": 0, "retrain": False}
    return Decision.from_json(about)
