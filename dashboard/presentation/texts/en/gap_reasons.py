"""Reasons between groups: what makes a gap, reasons by group, the adversarial audit of an attribute."""

TEXTS = {
    "fairness.part.gap_reasons": "Which reasons make the gap?",
    "gap_reasons.measure": "Gap of",
    "gap_reasons.measure.ndcg@10": "NDCG@10",
    "gap_reasons.measure.mean_score": "mean score",
    "gap_reasons.measure.selection_rate": "share predicted yes",
    "gap_reasons.axis.ndcg@10": "part of the gap in NDCG@10",
    "gap_reasons.axis.mean_score": "part of the gap in mean score (log-odds)",
    "gap_reasons.axis.selection_rate": "part of the gap in the share predicted yes",
    "gap_reasons.working": "Making every list again with reasons taken from the background",
    "gap_reasons.sentence": "Of the gap of {gap} in {measure} between {higher} and {lower}: {parts}.",
    "gap_reasons.part": "{value} comes through {name}",
    "gap_reasons.none": "No reason's part of the gap of {gap} in {measure} between {higher} and {lower} is clear of 0 on these users.",
    "gap_reasons.noise": "On these users the gap itself may be nothing (95 % interval {low} to {high}).",
    "gap_reasons.base": "no reason (lists and scores of the background)",
    "gap_reasons.alt": "Part of the gap that comes through each reason, with its 95 % interval; the parts sum to the gap",
    "gap_reasons.users": "{n} of {all} {all|user|users} of the two groups, drawn by the seed",
    "gap_reasons.whole": "the gap on all of them is {gap}",
    "gap_reasons.pairs": "{n} scored {n|pair|pairs}",
    "gap_reasons.exact": "all coalitions of reasons tried",
    "gap_reasons.sampled": "{n} {n|ordering|orderings} of the reasons for each user, whose spread is in the intervals",
    "gap_reasons.background": "{n} background {n|row|rows}",
    "gap_reasons.completeness": "gap less the sum of all bars: {gap}",
    "gap_reasons.interval": "95 % intervals over users, each by itself, {n} {n|draw|draws}; grey: may be nothing",
    "gap_reasons.seconds": "{seconds} s",
    "fairness.part.group_reasons": "Do reasons differ between groups?",
    "group_reasons.working": "Explaining users of every group",
    "group_reasons.axis": "mean size of what a reason adds (log-odds)",
    "group_reasons.alt": "Mean size of each reason in each group, with its 95 % interval; reasons that differ most first",
    "group_reasons.differs": "{name} (differs)",
    "group_reasons.differ": "{n} of {all} {all|reason|reasons} {n|differs|differ} between groups of {column} by more than chance: {parts}.",
    "group_reasons.part": "{name} ({most} {high}, {least} {low})",
    "group_reasons.same": "None of the {n} {n|reason|reasons} differs between groups of {column} by more than chance.",
    "group_reasons.deletion.less": (
        "Explanations are less faithful for {group}: taking the strongest reasons away first lowers the score by {low} of their "
        "size more than taking away at random, up to {high} elsewhere (corrected p {p})."
    ),
    "group_reasons.deletion.alike": (
        "Taking the strongest reasons away first is as telling in all groups: {low} to {high} of their size beyond random order "
        "(corrected p {p})."
    ),
    "group_reasons.insertion.less": (
        "Putting them in first is least telling for {group}: {low} of their size beyond random order, up to {high} elsewhere "
        "(corrected p {p})."
    ),
    "group_reasons.insertion.alike": "Putting them in first is as telling in all groups: {low} to {high} (corrected p {p}).",
    "group_reasons.changed": "Against the model before, {n} {n|size has|sizes have} changed clearly, above all {parts}.",
    "group_reasons.changed.part": "{name} for {group} by {change} ({low} to {high})",
    "group_reasons.unchanged": "Against the model before, no reason's size has changed clearly in any group.",
    "group_reasons.users": "first recommendations of {n} of {all} {all|user|users}, drawn by the seed",
    "group_reasons.small": "{n} more {n|user is|users are} of groups too small to be shown",
    "group_reasons.sampled": "orderings of the reasons sampled where more than nine differ",
    "group_reasons.tests": "users shuffled among groups {n} {n|time|times}, corrected for all reasons (Holm)",
    "fairness.part.adversarial": "Adversarial audit: can it be found unfair?",
    "adversarial.advos": (
        "The question behind this project names a tool “ADVOS”. No tool of that name could be found; this audit answers what it "
        "was named for: three adversaries each try to find the model unfair, and one verdict says what they showed."
    ),
    "adversarial.base": "Beside",
    "adversarial.base.itself": "the model before it, if there is one",
    "adversarial.working": "Probing, searching and flipping",
    "adversarial.leakage": "leakage",
    "adversarial.subgroup": "worst subgroup",
    "adversarial.flips": "flips",
    "adversarial.verdict.pass": "**Pass.** For {column}, each of the three harms is shown to be below its margin.",
    "adversarial.verdict.fail": "**Fail.** For {column}, harm is shown by {questions}.",
    "adversarial.verdict.hold": "**Hold.** For {column}, no harm is shown, but {questions} cannot be ruled out on these data.",
    "adversarial.status.pass": "pass",
    "adversarial.status.hold": "hold",
    "adversarial.status.fail": "fail",
    "adversarial.answer.leakage": (
        "Leakage ({status}): a probe reads the attribute of {n} {n|user|users} from their representations with an AUC of {figure} "
        "({low} to {high}); 0.5 is chance, {margin} the margin."
    ),
    "adversarial.answer.subgroup": (
        "Worst subgroup ({status}): {subject} ({n} {n|user|users}) stands {figure} behind everyone else in NDCG@10 ({low} to {high}, not "
        "corrected for having been searched); the margin is {margin}."
    ),
    "adversarial.answer.flips": (
        "Flips ({status}): with another value, the ten items change for {figure} of {n} {n|user|users} ({low} to {high}); the margin is "
        "{margin}."
    ),
    "adversarial.unasked": "{question} (hold): this cannot be asked here. {why}",
    "adversarial.question": "Question",
    "adversarial.status": "Verdict",
    "adversarial.figure": "Figure",
    "adversarial.before": "Before",
    "adversarial.change": "Change (interval)",
    "adversarial.p_harm": "p of no harm",
    "adversarial.p_safe": "p of harm at the margin",
    "adversarial.n": "Users",
    "adversarial.what": "What it says",
    "adversarial.alt": "The three questions with figures, intervals, p-values and verdicts",
    "adversarial.attribute.alt": "What another value of the attribute changes, and how well a probe reads it back",
    "adversarial.holm": "both p-values corrected for three questions (Holm)",
    "adversarial.margin": "pass: shown to be below the margin; fail: shown to be there; hold: the data cannot tell",
    "adversarial.probe": "a probe of another kind may find more than logistic regression does",
    "measure.flip_scores": "scores moved by a flip",
    "measure.what.flip_scores": "share of users' scores that move by more than one point where the attribute is set to another value.",
    "measure.flip_mean_change": "mean move by a flip",
    "measure.what.flip_mean_change": "mean change of the probability where the attribute is set to another value.",
    "measure.flip_lists": "lists changed by a flip",
    "measure.what.flip_lists": "share of users whose ten recommendations change where the attribute is set to another value.",
    "measure.flip_overlap": "list kept in a flip",
    "measure.what.flip_overlap": "mean share of the ten recommendations that stay.",
    "measure.flip_explanations": "explanations changed by a flip",
    "measure.what.flip_explanations": "share of users whose three strongest reasons become other ones.",
    "measure.leakage_auc": "leakage (AUC)",
    "measure.what.leakage_auc": "how well a probe tells users' groups from what the model makes of them; 0.5 is no better than chance.",
    "measure.leakage_accuracy": "leakage (accuracy)",
    "measure.what.leakage_accuracy": "share of users whose group the probe tells; read it beside the largest group's share.",
    "stage.reasons of a gap": "lists made again",
    "stage.probe an attribute": "attribute probed",
    "stage.flip an attribute": "attribute flipped",
    "stage.explain groups": "users explained",
    "gap_reasons.base.said": "{value} of the gap is there without any reason: the same list for everyone serves {higher} and {lower} differently.",
}
