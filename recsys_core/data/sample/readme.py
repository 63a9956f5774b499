"""The README of a sample folder, written from the domain and its truth."""

from __future__ import annotations

from recsys_core.data.sample.domain import Domain

TEXT = """# Sample data: {title}

{n_users} people, {n_items} items and {n_interactions} logged impressions over a year
({taken_share:.0%} {taken}). All of it is invented: written by
`python -m recsys_core sample --domain {name} --seed {seed} --out FOLDER`. The same seed writes the
same bytes. Any likeness to people or products is chance. Free for any use (CC0).

`truth.json` holds the preference function that drew the outcomes, so explanations and audits can be scored against it.

## Columns
| file | column | what it is |
| --- | --- | --- |
| users.csv | user_id, name, occupation | for people to read; never a feature |
| | age | years |
| | gender | sensitive; **no effect** on any outcome |
| | income | thousand euros a year |
| | region | {region} |
| | device | {device} |
| | interest | declared on joining: one of the item categories |
| items.csv | item_id, title | the title holds one {word_says} that no other column has |
| | category | one of {categories} |
| | {amount} | {amount_says} |
| | {maker} | {maker_says} |
| | {quality} | {quality_says} |
| | {decoy} | {decoy_says}; **no effect** |
| interactions.csv.gz | user_id, item_id | who was shown what |
| | time | unix seconds, distinct within a user |
| | outcome | 1 {taken}, 0 not {taken}{recorded} |
| | propensity | probability that the logging policy showed this item at this moment |

`mapping.json` says the same to the importer. Rows are in order of user, then time.

## The planted truth
`{formula}`; the probability is the logistic of it. The effects:

{effects}

The threshold leaves {suitable:.1%} of the catalogue with a probability of one half or more. The history is the last
{length} items {taken} strictly earlier. Outcomes are drawn from the planted probability, impressions by the logging
policy: {policy}.

**Under-served**: {column} = {slow}. Cause: {cause}.
{lost}
Most important first (mean absolute Shapley value, logits): {ranking}.

The best that any model can reach on each user's last tenth of impressions: AUC {best_auc:.3f}, NDCG@10 {best_ndcg:.3f}
(popularity: {popularity:.3f}). By {column}:

| {column} | users | best NDCG@10 | best AUC |
| --- | --- | --- | --- |
{groups}
"""
LOST = """
The log holds what was recorded: {n} {taken}s are missing from it ({share:.0%} of what these users {taken} of
{categories}; `unrecorded` in `truth.json`). Nobody's preference depends on it: what was shown and {taken} next
follows what was {taken} in truth, and each user's last fifth (validation and test) is recorded rightly.
"""


def readme(domain: Domain, about: dict) -> str:
    """Markdown for the sample folder; ``about`` is the content of ``truth.json``."""
    counts, slow = about["counts"], about["under_served"]
    columns = {
        key: value
        for role in ("amount", "maker", "quality", "decoy")
        for key, value in ((role, getattr(domain, role).name), (f"{role}_says", getattr(domain, role).says))
    }
    return TEXT.format(
        title=about["title"],
        name=about["domain"],
        seed=about["seed"],
        n_users=f"{counts['n_users']:,}",
        n_items=f"{counts['n_items']:,}",
        n_interactions=f"{counts['n_interactions']:,}",
        taken=domain.taken,
        taken_share=counts["n_taken"] / counts["n_interactions"],
        word_says=domain.word_says,
        recorded=", as it was recorded (below)" if domain.recording else "",
        lost=_lost(domain, about),
        region=_effect_of("region", slow),
        device=_effect_of("device", slow),
        groups="\n".join(
            f"| {name} | {g['n_users']} | {g['ndcg@10']:.3f} | {g['auc']:.3f} |"
            for name, g in about["best_by_group"].items()
        ),
        categories=", ".join(c.name for c in domain.categories),
        formula=about["function"]["formula"],
        effects="\n".join(f"- {e.says} (`{'`, `'.join(e.players)}`)" for e in domain.effects),
        suitable=about["suitable_share"],
        length=domain.history_length,
        policy=about["logging_policy"],
        column=slow["column"].partition(".")[2],
        slow=slow["value"],
        cause=slow["cause"],
        ranking=", ".join(f"{p} {v:.2f}" for p, v in about["importance"].items() if v > 0),
        best_auc=about["best_auc"],
        best_ndcg=about["best_ndcg@10"],
        popularity=about["popularity_ndcg@10"],
        **columns,
    )


def _effect_of(name: str, under_served: dict) -> str:
    planted = under_served["column"] == f"user.{name}"
    return f"{under_served['value']} is under-served (below)" if planted else "**no effect**"


def _lost(domain: Domain, about: dict) -> str:
    """What the records lack, for a domain whose records are wrong."""
    if domain.recording is None:
        return ""
    n = sum(map(len, about["unrecorded"].values()))
    categories = ", ".join(domain.recording.categories)
    return LOST.format(n=f"{n:,}", taken=domain.taken, share=domain.recording.share, categories=categories)
