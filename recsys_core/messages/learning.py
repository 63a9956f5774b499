"""What learning from feedback can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "learning.locked": "{path}: another learner is at work in this workspace; wait for it, or stop it.",
    "learning.not_held": "decision {decision} is not held for a person: it is {state}.",
    "learning.state.promoted": "promoted",
    "learning.state.held": "held",
    "learning.state.refused": "refused",
    "learning.outdated": "decision {decision} was about a candidate of version {parent}, and version {now} is served "
    "now: let `learn` look again.",
    "learning.stage": "learning: {step}",
    "learning.stage.rows": "reading feedback",
    "learning.stage.guard": "asking the guard",
    "learning.stage.waiting": "waiting for feedback",
    "learning.step.recalibrate": "probabilities anew",
    "learning.step.second_layer": "second layer and head",
    "learning.step.everything": "all layers",
    "learning.better": "surely better on the latest feedback (log loss lower by {gain:.4f}, at least {low:.4f}), and "
    "nothing speaks against it.",
    "learning.too_little": "not enough feedback yet: {n_rows} {n_rows|row|rows} to learn from (at least {least_rows} "
    "are asked), {n_users} {n_users|user|users} to judge by (at least {least_users}).",
    "learning.little": "not enough feedback yet: {n_users} {n_users|user|users} to judge by, at least {least}.",
    "learning.unsure": "not enough feedback yet: on {n_users} users the gain of {gain:+.4f} may be as low as "
    "{low:+.4f}.",
    "learning.no_gain": "no sure gain: {gain:+.4f} of log loss on {n_users} users, perhaps {low:+.4f}.",
    "learning.worse": "worse on the latest feedback: {gain:+.4f} of log loss (between {low:+.4f} and {high:+.4f}).",
    "learning.group": "worse for a group: {column} {group} loses {gain:+.4f} of log loss on {n} {n|user|users}.",
    "learning.gap": "the gap between the best and the worst group widens by {widened:.4f} of log loss, at least "
    "{low:.4f}.",
    "learning.churn": "too much would change at once: {overlap:.0%} of the top 10 stay, at least {least:.0%} are "
    "asked.",
    "learning.drift": "too much would change at once: the reasons move by {drift:.0%}, at most {most:.0%} are allowed.",
    "learning.contradicts": "the feedback contradicts what the served model expects of it, by {surprise:.2f} nats a "
    "row (at most {most:.2f}): nonsense, or a world that has changed. A person must decide.",
    "learning.contradicts_group": "the feedback of {column} {group} contradicts what the served model expects of it, "
    "by {surprise:.2f} nats a row (at most {most:.2f}): nonsense, or a world that has changed. A person must decide.",
    "learning.disagree": "the holdouts disagree: {rolling:+.4f} of log loss on the latest feedback, {anchor:+.4f} on "
    "the frozen test part (perhaps {low:+.4f}). A person must decide.",
    "learning.disagree_group": "the holdouts disagree: {rolling:+.4f} of log loss on the latest feedback, and for "
    "{column} {group} {anchor:+.4f} on the frozen test part ({n} {n|user|users}). A person must decide.",
    "learning.no_anchor": "the frozen test part has {n_users} {n_users|user|users}, too few to tell what this costs "
    "there (at least {least} are asked). A person must decide.",
    "learning.replaced": "version {now} came to be served while a candidate of version {parent} was judged: the next "
    "look starts from that one.",
    "learning.by_person": "a person let it be served.",
    "learning.refused_by_person": "a person refused it; its feedback is not learned again.",
    "learning.rolled_back": "a person went back to version {version}; its feedback is not learned again.",
}
