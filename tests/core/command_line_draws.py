"""Random command lines: sound ones with some words replaced, left out, doubled or added."""

from __future__ import annotations

import random
from pathlib import Path

NUMBERS = (
    *("0", "1", "-1", "3", "10", "2147483648", "99999999999999999999", "9" * 400, "1e3", "0.5", "1e999", "nan"),
    *("-inf", "0x10", "1_0", "٣", "²", " 7", "", "--", "None", "1,5"),
)
WORDS = (
    *("", " ", "nobody", "-", "--", "--json", "\x00", "\n", "a\nb", "é", "漢字", "\udcff", "😀", "'", '"', "*", "%s"),
    *("{0}", "{user}", "../..", "user.", ".", ",", "a,,b", "x" * 300, "None", "true", "[]", "$HOME", "~"),
)
CHOICES = {
    "--task": ("implicit", "like", "rating"),
    "--split": ("time", "random", "cutoff"),
    "--method": ("shapley", "lime", "ig", "deeplift", "guess", "reweigh", "project,leave-out", "exposure"),
    "--history": ("one", "each", "two"),
    "--words": ("item.brand", "user.age", "title"),  # none is a text: loading the encoder takes seconds
    "--units": ("logit", "probability", "points"),
    "--measure": ("ndcg@10", "mean_score", "selection_rate", "auc"),
    "--compared-with": ("average", "item:2", "item:1", "item:", "segment:", "segment:nobody", "everyone"),
    "--bits": ("32", "16", "8", "4", "3"),
    "--pruning": ("structured", "unstructured"),
    "--set": ("user.age=30", "user.age=old", "item.price=1e400", "user.region=", "item.brand", "user.nothing=1"),
    "--without": ("user.age", "age", "item.price", "user.nothing", "name"),
    "--bucket": ("user.age=30,50", "age=50,30", "item.price=", "user.region=1", "age=1e400"),
    "--kind": ("remove-history", "change-attributes", "both"),
    "--may-change": ("item.price=5:20", "user.region,item.brand", "user.age=9:1", "item.title", "item.price=a:b"),
    "--by": (
        *("gender", "age", "activity", "user.gender,age", "item.category", "gender,item.category", "popular_taste"),
        *("segment:nobody", "age=30/50", "user.age=50/30", "region=north/nowhere,age=40", "item.age", "age="),
    ),
    "--metric": ("ndcg", "recall", "ndcg@10", "auc", "nothing", "popularity_lift"),
    "--within": ("activity", "age", "interactions", "gender", "item.category", "nothing"),
    "--columns": ("gender", "age=30/50,region", "item.category", "activity", "nothing"),
    "--where": ("age:20..40", "region:north|south", "age:9..1", "height:1..2", "age", ";", "age:20..40;region:north"),
}
NUMERIC = (
    "--seed",
    "--seconds",
    "--strength",
    "--tolerance",
    "--sample",
    "--shuffles",
    "--epochs",
    "--k",
    "--background",
    "--n-users",
    "--sparsity",
    "--distill",
    "--rank",
    "--neighbours",
    "--user",
    "--users",
    "--item",
    "--add",
    "--take-off",
    "--against",
    "--others",
    "--evaluations",
    "--port",
    "--rate",
    "--seeds",
    "--least",
    "--rate",
    "--for",
    "--poison",
    "--decision",
)
LEVERS = ("--sparsity", "--bits", "--pruning", "--distill", "--rank", "--neighbours")
VARIANT = (*LEVERS, "--workspace", "--model", "--rerank", "--strength")
TAKES = {  # what is drawn for a command, most of the time
    "sample": ("--domain", "--seed", "--out"),
    "import": ("--format", "--mapping", "--out", ""),
    "train": ("--data", "--out", "--name", "--task", "--split", "--seed", "--epochs"),
    "prepare": ("--format", "--mapping", "--out", "--name", "--seed", ""),
    "measure": ("--workspace", "--model", "--seconds"),
    "retrain": ("--workspace", "--model", "--name", "--without", "--audit-only", "--bucket", "--bucket"),
    "models": ("--workspace", "--make-current", "--remove"),
    "feedback": ("--workspace", "--seal"),
    "simulate": ("--workspace", "--url", "--rate", "--for", "--trend", "--poison", "--seed"),
    "segments": ("--workspace", "--save", "--where", "--user", "--remove"),
    "evaluate": (*VARIANT, "--users"),
    "recommend": (*VARIANT, "--user", "--k", "--k"),
    "explain": (
        *(*VARIANT, "--user", "--item", "--method", "--history", "--background", "--seed"),
        *("--units", "--compared-with", "--compared-with", "--trust", "--words"),
    ),
    "counterfactual": (*VARIANT, "--user", "--item", "--k", "--kind", "--may-change", "--may-change"),
    "what-if": (*VARIANT, "--user", "--item", "--set", "--set", "--add", "--take-off", "--units", "--k", "--edits"),
    "compare-explainers": (*VARIANT, "--n-users", "--by", "--background", "--seed"),
    "contrast": (*VARIANT, "--user", "--item", "--against", "--k", "--others", "--units", "--history", "--background"),
    "cost-of-explaining": ("--workspace", "--model", "--users", "--examples", "--explained", "--seed"),
    "explain-batch": (
        *(*VARIANT, "--users", "--out", "--k", "--method", "--background"),
        *("--units", "--engine", "--processes"),
    ),
    "compress": VARIANT,
    "fairness": (*VARIANT, "--by", "--by", "--by", "--k", "--least", "--within", "--metric", "--data-gap"),
    "subgroups": (*VARIANT, "--metric", "--columns", "--columns", "--least"),
    "gap-reasons": (*VARIANT, "--by", "--by", "--measure", "--sample", "--background", "--users"),
    "mend": ("--workspace", "--model", "--name", "--method", "--by", "--strength", "--users"),
    "attribute-audit": (*VARIANT, "--by", "--by", "--tolerance", "--shuffles", "--background", "--seed"),
    "architectures": ("--workspace", "--model", "--by", "--by", "--seeds", "--epochs"),
    "search": ("--workspace", "--model", "--by", "--by", "--evaluations", "--seed", "--resume"),
    "explain-groups": (*VARIANT, "--by", "--by", "--against", "--n-users", "--background", "--seed"),
    "adversarial-audit": (*VARIANT, "--by", "--by", "--against", "--shuffles", "--users", "--seed"),
    "serve": (*VARIANT, "--port", "--host", "--key-file", "--rate"),
    "learn": ("--workspace", "--seed"),
    "promote": ("--workspace", "--decision"),
    "rollback": ("--workspace",),
}
PATHS = ("--workspace", "--key-file", "--data", "--out", "--mapping", "--edits", "--users", "")
BAD = ({"--seed": "-1"}, {"--out": "", "--workspace": ""}, {"--sparsity": "7"}, {"--bits": "5"})
COSTLY = (
    "train",
    "prepare",
    "measure",
    "retrain",
    "mend",
    "sample",
    "compress",
    "compare-explainers",
    "cost-of-explaining",
    "search",
    "architectures",
    "serve",
)  # these are never run with sound words only


class Draws:
    """Command lines of one seed over a workspace, its dataset, tables, and a folder that may be written to."""

    def __init__(self, seed: int, workspace: Path, dataset: Path, tables: Path, folder: Path) -> None:
        self.random = random.Random(seed)
        names = ("new", "", "file/below", "file", "y" * 300, "gone")
        outside = (Path("/dev/null"), Path("/proc/none/x"))
        self.paths = (workspace, dataset, tables, *(folder / name for name in names), *outside)
        (folder / "file").write_text("x")
        question = {"--workspace": str(workspace)}
        pair = {"--user": "3", "--item": "1"}
        (folder / "users.txt").write_text("3\n1\n")
        batch = {"--users": str(folder / "users.txt"), "--out": str(folder / "lists"), "--background": "1"}
        self.sound = {
            "sample": {"--domain": "shop", "--seed": "0", "--out": str(folder / "new")},
            "import": {"--format": "tables", "": str(tables), "--out": str(folder / "new")},
            "train": {"--data": str(dataset), "--out": str(folder / "new"), "--epochs": "1", "--task": "like"},
            "prepare": {"": str(folder / "gone"), "--out": str(folder / "new")},
            "measure": question,
            "retrain": question | {"--name": "first", "--without": "user.age"},
            "models": question,
            "feedback": question,
            "simulate": question | {"--url": "http://127.0.0.1:9", "--for": "0"},  # nobody answers there
            "segments": question | {"--save": "some", "--where": "age:20..40"},
            "evaluate": question,
            "recommend": question | {"--user": "3", "--k": "5"},
            "explain": question | pair | {"--background": "4"},
            "counterfactual": question | pair | {"--k": "10"},
            "what-if": question | pair | {"--set": "user.age=30"},
            "compare-explainers": question | {"--n-users": "1"},
            "contrast": question | pair | {"--against": "2", "--background": "4"},
            "explain-batch": question | batch,
            "cost-of-explaining": question | {"--users": "1"},
            "compress": question | {"--sparsity": "0.5"},
            "fairness": question | {"--by": "activity"},
            "subgroups": question | {"--metric": "recall"},
            "gap-reasons": question | {"--by": "gender", "--measure": "selection_rate", "--background": "1"},
            "mend": question | {"--method": "project", "--by": "gender", "--strength": "1"},
            "attribute-audit": question | {"--by": "gender", "--shuffles": "1", "--background": "1"},
            "architectures": question | {"--by": "height", "--seeds": "1", "--epochs": "1"},
            "search": question | {"--by": "activity", "--evaluations": "1"},
            "explain-groups": question | {"--by": "gender", "--n-users": "20", "--background": "1"},
            "adversarial-audit": question | {"--by": "gender", "--shuffles": "1"},
            "serve": question | {"--port": "0"},
            "learn": question,
            "promote": question | {"--decision": "1"},
            "rollback": question,
        }

    def draw(self) -> list[str]:
        """One command line; for a costly command at least one word is a bad one."""
        command = self.random.choice(tuple(self.sound))
        options = dict(self.sound[command])
        changes = self.random.choice((1, 1, 1, 2, 3) if command in COSTLY else (0, 1, 1, 1, 2, 3))
        for _ in range(changes):
            known = self.random.random() < 0.9
            names = TAKES[command] if known else (*CHOICES, *NUMERIC, *PATHS[:-1], "--unknown")
            self._change(options, self.random.choice(names))
        if command in COSTLY:
            options |= self.random.choice(
                ({"--seed": "-1"}, {"--out": "", "--workspace": ""}, {"--sparsity": "7"}, {"--bits": "5"})
            )
        words = [command] if self.random.random() > 0.02 else [self.random.choice(WORDS)]
        for name, value in options.items():
            words += [value] if name == "" else [name, value]
        return words + self.random.choice(([], [], ["--json"], [self.random.choice(WORDS)]))

    def _change(self, options: dict[str, str], name: str) -> None:
        if name in options and self.random.random() < 0.15:
            del options[name]
        elif name in CHOICES and self.random.random() < 0.7:
            options[name] = self.random.choice(CHOICES[name])
        elif name in NUMERIC:
            options[name] = self.random.choice(NUMBERS if self.random.random() < 0.8 else WORDS)
        elif name in PATHS and self.random.random() < 0.8:
            options[name] = str(self.random.choice(self.paths))
        else:
            options[name] = self.random.choice(WORDS)
