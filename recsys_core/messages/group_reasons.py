"""What a comparison of explanations between groups, and an adversarial audit, can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "group_reasons.one_group": (
        "column {column}: fewer than two groups have {least} explained users or more, so their reasons cannot be"
        " compared; choose another column."
    ),
    "adversarial.no_subgroup": "no subgroup of users is large enough to be compared with all others.",
    "adversarial.reversed": (
        "the probe's AUC is {auc}, below one half: read backwards it tells the groups apart, so it counts turned over."
    ),
    "adversarial.not_read": "the model does not read {column}, so another value changes nothing, exactly.",
    "adversarial.same": "the model {model!r} is the one that is audited; name another one to compare it with.",
}
