"""Section: the data, and how they were parted."""

from __future__ import annotations

from dashboard.presentation.report.blocks import Notes, Said, Section, Table
from dashboard.presentation.sentences import overview as sentences
from dashboard.presentation.texts import capital, plain, t
from dashboard.report.request import ReportRequest
from recsys_core.data.understood import columns_understood


def data(asked: ReportRequest) -> Section:
    """How many users, items and interactions, what each column was taken for, and what was noticed at the import."""
    dataset, split = asked.dataset, asked.model.split_dataset.split
    sizes = {"n_users": dataset.n_users, "n_items": dataset.n_items, "n_interactions": dataset.n_interactions}
    rows = {part: len(getattr(split, part)) for part in ("train", "validation", "test")}
    columns = columns_understood(dataset)
    sensitive = [f"user.{c.name}" for c in dataset.schema.users if c.sensitive]
    blocks = (
        Said(t("report.data", **sizes)),
        *(Said(capital(said)) for said in sentences.meaning(asked.model)),
        Table(sentences.columns_table(columns).iloc[:, :-1], n_texts=4),  # no cell of the data but names of groups
        Said(capital(t(f"split.{split.kind}"))),
        Notes([t("report.rows", **rows), t("report.split_seed", seed=split.seed), *sentences.problems(asked.model)]),
    )
    about = {**sizes, "rows": rows, "split": split.kind, "seed": split.seed, "sensitive": sensitive}
    listed = [
        {"column": f"{c.side}.{c.column}", "kind": c.kind, "values": c.values, "missing": c.missing} for c in columns
    ]
    return Section("data", plain("report.data.title"), blocks, about | {"columns": listed})
