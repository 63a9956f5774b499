"""Guard: whether a candidate may be served, must wait for a person, or is refused, and why.

Two holdouts speak. On the *rolling* one, the latest feedback, the candidate must surely be better than its parent, no
group may be worse beyond a margin, and no gap may surely widen. On the *anchor*, the workspace's frozen test part, it
must not be worse beyond a wider margin: a trend costs something there, feedback that is nonsense costs much more. And
the feedback itself must not contradict what the parent expects of it beyond what a trend does. Where feedback and
anchor disagree, a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.learning.holdout import LEAST_GROUP, Measured, UserGroups
from recsys_core.metrics import logistic
from recsys_core.results.learning import HELD, REFUSED, Gain, GroupGain, Reason

ALPHA = 0.025  # of all bounds of all looks at candidates of one parent together, one-sided
MARGIN, GROUP_MARGIN = 0.002, 0.005  # nats of log loss on the rolling holdout
ANCHOR_MARGIN, ANCHOR_GROUP_MARGIN = 0.02, 0.03  # ... on the anchor
ANCHOR_SHARE = 0.1  # ... and of what the parent knows more than the share of positives: it may know little
MOST_SURPRISE, MOST_GROUP_SURPRISE = 0.12, 0.4  # nats by which feedback's loss exceeds what the parent expects
SURPRISE_SHARE, GROUP_SURPRISE_SHARE = 0.5, 0.75  # ... and of the surprise at outcomes that have nothing to do with it
SURELY = 3.0  # standard errors by which surprise must exceed nothing
LEAST_ROWS, LEAST_USERS = 200, 100  # that teach; of the rolling holdout
LEAST_OVERLAP, MOST_DRIFT = 0.5, 0.5  # of the top 10; of the reasons


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against serving a candidate: it is refused, or a person must decide."""

    decision: str
    reason: Reason


def spent(look: int, n_candidates: int) -> float:
    """The error rate of each bound at the ``look``-th look (from 1) at feedback of one parent.

    ``ALPHA / (look * (look + 1))``, shared among the candidates: over endless looks the rates sum to ``ALPHA``, half of
    which is spent at the first.

    >>> round(spent(1, 1), 6), round(spent(2, 1), 6), round(sum(spent(k, 1) for k in range(1, 10_000)), 4)
    (0.0125, 0.004167, 0.025)
    """
    return ALPHA / (look * (look + 1)) / n_candidates


def objection(rolling: Measured, anchor: Measured, contradiction: Objection | None) -> Objection | None:
    """The first thing that both holdouts say against a candidate, None where there is nothing."""
    return _on_rolling(rolling) or contradiction or _on_anchor(rolling, anchor)


def too_much_change(overlap: float | None, drift: float | None) -> Objection | None:
    """Whether lists or reasons would change too much at once for a candidate to be served unseen."""
    if overlap is not None and overlap < LEAST_OVERLAP:
        return _refused("churn", overlap=overlap, least=LEAST_OVERLAP)
    if drift is not None and drift > MOST_DRIFT:
        return _refused("drift", drift=drift, most=MOST_DRIFT)
    return None


def _on_rolling(rolling: Measured) -> Objection | None:
    overall = rolling.overall
    if overall.gain is None or overall.low is None or overall.high is None:
        return _refused("little", n_users=overall.n_users, least=LEAST_USERS)
    if overall.gain < -MARGIN or overall.high < 0:
        return _refused("worse", gain=overall.gain, low=overall.low, high=overall.high)
    worst = _worst([g for g in rolling.groups if _is_harmed(g.gain)])
    if worst is not None:
        return _refused("group", column=worst.column, group=worst.group, gain=worst.gain.gain, n=worst.gain.n_users)
    if rolling.widened is not None and (rolling.widened.low or 0) > GROUP_MARGIN:
        return _refused("gap", widened=rolling.widened.gain, low=rolling.widened.low)
    if overall.low <= 0:
        key = "unsure" if overall.gain - overall.low > MARGIN else "no_gain"
        return _refused(key, gain=overall.gain, low=overall.low, n_users=overall.n_users)
    return None


def _on_anchor(rolling: Measured, anchor: Measured) -> Objection | None:
    """What the frozen test part says against what the feedback asks for."""
    overall = anchor.overall
    if overall.low is None:  # half of the protection is not there
        return _held("no_anchor", n_users=overall.n_users, least=LEAST_GROUP)
    margin = max(MARGIN, min(ANCHOR_MARGIN, ANCHOR_SHARE * anchor.known))
    if overall.low < -ANCHOR_MARGIN or (overall.gain or 0.0) < -margin:
        return _held("disagree", rolling=rolling.overall.gain, anchor=overall.gain, low=overall.low)
    worst = _worst([g for g in anchor.groups if (g.gain.gain or 0.0) < -ANCHOR_GROUP_MARGIN])
    if worst is not None:
        about = {"column": worst.column, "group": worst.group, "n": worst.gain.n_users}
        return _held("disagree_group", rolling=rolling.overall.gain, anchor=worst.gain.gain, **about)
    return None


def _worst(groups: list[GroupGain]) -> GroupGain | None:
    """The one that loses most."""
    return min(groups, key=lambda g: g.gain.gain or 0.0, default=None)


def _is_harmed(gain: Gain) -> bool:
    """A loss beyond the margin where a gain beyond it can be ruled out, or surely a loss of a fifth of it.

    Proof of no harm would be a lower bound above the margin; a group of 20 cannot give it, and all would wait for ever.
    """
    if gain.gain is None or gain.high is None:
        return False
    return (gain.gain < -GROUP_MARGIN and gain.high < GROUP_MARGIN) or gain.high < -GROUP_MARGIN / 5


def contradiction(feedback: Surprise, anchor: Surprise, groups: tuple[UserGroups, ...]) -> Objection | None:
    """Whether feedback is nothing that the parent could have expected: it surprises more than a trend does.

    What surprised the parent on the ``anchor`` already, as it is no better calibrated, does not count.
    """
    most = max(0.0, anchor.mean) + min(MOST_SURPRISE, SURPRISE_SHARE * feedback.at_random)
    if feedback.is_above(most):
        return _held("contradicts", surprise=feedback.mean, most=most)
    for of in groups:
        code, before = of.code[feedback.users], of.code[anchor.users]
        for group in np.unique(code):
            found = feedback.of(code == group)
            most = max(0.0, anchor.of(before == group).mean)
            most += min(MOST_GROUP_SURPRISE, GROUP_SURPRISE_SHARE * found.at_random)
            if len(np.unique(found.users)) >= LEAST_GROUP and found.is_above(most):
                about = {"column": of.column, "group": of.labels[group]}
                return _held("contradicts_group", surprise=found.mean, most=most, **about)
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    r"""By how much feedback's log loss exceeds what the parent expects of it: :math:`(p - y)\,z` of each row.

    It is the log loss less the entropy of the parent's own probabilities, as in Spiegelhalter's (1986) test: of mean 0
    where the parent is calibrated, whatever was shown.
    """

    users: np.ndarray
    label: np.ndarray
    logit: np.ndarray

    @property
    def each(self) -> np.ndarray:
        """Of each row, in nats."""
        return (logistic(self.logit) - self.label) * self.logit

    @property
    def mean(self) -> float:
        return float(self.each.mean()) if len(self.label) else 0.0

    @property
    def at_random(self) -> float:
        """What it would be on average, had the outcomes as many positives and nothing to do with the items."""
        return float(((logistic(self.logit) - self.label.mean()) * self.logit).mean()) if len(self.label) else 0.0

    def is_above(self, most: float) -> bool:
        """Whether it is more than so much on average, and surely more than nothing."""
        each = self.each
        error = float(each.std()) / max(1, len(each)) ** 0.5 if len(each) else 0.0
        return self.mean > max(most, SURELY * error)

    def of(self, rows: np.ndarray) -> Surprise:
        """The same of some rows."""
        return Surprise(self.users[rows], self.label[rows], self.logit[rows])


def beats(first: Measured, second: Measured) -> bool:
    """Whether one candidate is better than another on the same holdout, by the margin and beyond the users' noise."""
    change = first.draws - second.draws
    ahead = (first.overall.gain or 0.0) - (second.overall.gain or 0.0)
    return ahead > MARGIN and ahead > 2 * float(np.std(change))


def _refused(key: str, **values: object) -> Objection:
    return Objection(REFUSED, Reason(key=f"learning.{key}", values=values))


def _held(key: str, **values: object) -> Objection:
    return Objection(HELD, Reason(key=f"learning.{key}", values=values))
