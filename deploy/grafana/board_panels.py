"""What is on RecLens' boards: for each panel its question to Prometheus, its unit, and what to read from it in words.

Metrics are described in docs/serving.md; names with colons are recorded by ``deploy/prometheus/recording.yml``.
"""

from __future__ import annotations

from board_parts import Board, ask, heat, lines, number, percentiles, states, with_interval

SERVICE = Board(
    "service",
    "Does it answer, how much, how fast, and what does it refuse?",
    (
        number(
            "Answers",
            "1 while the last scrape of the service was answered, 0 when it was not.",
            "short",
            ask('up{job="reclens", HERE}', "{{instance}}"),
        ),
        number(
            "Version served",
            "Number, model and variant of the version that answers now; one entry an instance.",
            "short",
            ask("reclens_version_info{HERE}", "version {{version}}: {{model}}, {{variant}}"),
            width=8,
        ),
        number(
            "Requests a second",
            "All requests answered a second, whatever the answer.",
            "reqps",
            ask("sum(rate(reclens_requests_total{HERE}[NOW]))", "requests"),
        ),
        number(
            "Errors",
            "Share of the requests of five minutes that ended in a fault of the service (5xx without 503).",
            "percentunit",
            ask("max(instance:reclens_errors:share5m{HERE})", "errors"),
        ),
        number(
            "Refused",
            "Share of the requests of five minutes that were refused because a queue was full (503).",
            "percentunit",
            ask("max(instance:reclens_refused:share5m{HERE})", "refused"),
        ),
        lines(
            "Requests by address",
            "Requests a second, one line an address of the service.",
            "reqps",
            ask("sum by (route) (instance_route:reclens_requests:rate1m{HERE})", "{{route}}"),
        ),
        lines(
            "Requests by answer",
            "Requests a second by HTTP status: 2xx answered, 4xx a bad request, 503 refused, other 5xx a fault.",
            "reqps",
            ask("sum by (code) (rate(reclens_requests_total{HERE}[NOW]))", "{{code}}"),
        ),
        lines(
            "Time of a recommendation",
            "Half, 95 % and 99 % of the recommendations took at most this long, inside the service.",
            "s",
            *percentiles("reclens_request_seconds", 50, 95, 99, where='HERE, route="/recommend"'),
        ),
        lines(
            "95 % of an address's answers",
            "The 95th percentile over five minutes, one line an address; a slow explanation is no slow recommendation.",
            "s",
            ask("max by (route) (instance_route:reclens_request_seconds:p95_5m{HERE})", "{{route}}"),
        ),
        heat(
            "All times",
            "How many requests a second took how long; a second dark band is a second kind of request, or a queue.",
            "s",
            "reclens_request_seconds",
        ),
        lines(
            "Queue",
            "Requests that wait, beside how many may; where the lines meet, the next is refused.",
            "short",
            ask("sum by (queue) (reclens_queue_depth{HERE})", "{{queue}}"),
            ask("sum by (queue) (reclens_queue_limit{HERE})", "{{queue}} limit"),
        ),
        lines(
            "Requests by version",
            "Requests a second by the version and variant that answered; a swap is where one line takes over.",
            "reqps",
            ask(
                "sum by (version, variant) (rate(reclens_requests_total{HERE}[NOW]))",
                "version {{version}}, {{variant}}",
            ),
        ),
        lines(
            "Versions that could not be loaded",
            "How often the workspace named a version that the service could not load; it went on with the one before.",
            "short",
            ask("sum by (instance) (reclens_version_load_failures_total{HERE})", "{{instance}}"),
        ),
    ),
)

QUALITY = Board(
    "quality",
    "Do people take what they are shown? From lists and the feedback that came for them, with 95 % intervals.",
    (
        lines(
            "Hit rate by group",
            "Share of the lists on which something was taken, by group of users, with both ends of the 95 % interval.",
            "percentunit",
            *with_interval("reclens_hit_rate", "user_group", "{{user_group}}"),
        ),
        lines(
            "NDCG@10 by group",
            "How high on a list of ten what was taken stood (1 is the top), by group of users, with its 95 % interval.",
            "short",
            *with_interval("reclens_ndcg_at_10", "user_group", "{{user_group}}"),
        ),
        lines(
            "Users behind these figures",
            "How many users each figure comes from, as lists of one person go together; small groups are pooled.",
            "short",
            ask("avg by (user_group) (reclens_hit_rate_n{HERE})", "{{user_group}} hit rate"),
            ask("avg by (user_group) (reclens_ndcg_at_10_n{HERE})", "{{user_group}} NDCG@10"),
            ask("avg by (user_group, metric) (reclens_quality_change_n{HERE})", "{{user_group}} change of {{metric}}"),
        ),
        lines(
            "Change",
            "Quality now less quality before, by group, with its 95 % interval; below 0 with the high end is a fall.",
            "short",
            *with_interval("reclens_quality_change", "metric, user_group", "{{metric}}, {{user_group}}"),
        ),
        lines(
            "Lists that got feedback",
            "Share of the served lists that any feedback came for, with its 95 % interval: the rest counts nowhere.",
            "percentunit",
            *with_interval("reclens_label_share", "instance", "{{instance}}"),
        ),
        lines(
            "How fresh feedback is",
            "Seconds since feedback last came, the median from a list to its feedback, and when it comes too late.",
            "s",
            ask("avg by (instance) (reclens_label_age_seconds{HERE})", "{{instance}} newest"),
            ask("avg by (instance) (reclens_label_delay_seconds{HERE})", "{{instance}} delay"),
            ask("avg by (instance) (reclens_label_horizon_seconds{HERE})", "{{instance}} horizon limit"),
        ),
        lines(
            "Users in the window",
            "How many users were served in the window of all these figures, whether feedback came from them or not.",
            "short",
            ask("avg by (instance) (reclens_label_share_n{HERE})", "{{instance}}"),
        ),
        lines(
            "Age of these figures",
            "Seconds since the service last computed them from its log; growing without end, its watch has stopped.",
            "s",
            ask("time() - avg by (instance) (reclens_quality_refreshed_timestamp_seconds{HERE})", "{{instance}}"),
        ),
    ),
)

FAIRNESS = Board(
    "fairness",
    "Does everybody get the same, and who is shown? Intervals say what chance alone could do.",
    (
        lines(
            "Gap in the hit rate",
            "Hit rate of the best group less that of the worst, with a 95 % interval, corrected for picking the pair.",
            "percentunit",
            *with_interval("reclens_hit_rate_gap", "instance", "{{instance}}"),
        ),
        lines(
            "Gap in NDCG@10",
            "NDCG@10 of the best group less that of the worst, with a 95 % interval, corrected for picking the pair.",
            "short",
            *with_interval("reclens_ndcg_at_10_gap", "instance", "{{instance}}"),
        ),
        lines(
            "Change of the gap",
            "The gap now less the gap before, with its 95 % interval; above 0 with the low end it surely widened.",
            "short",
            *with_interval("reclens_gap_change", "metric", "{{metric}}"),
        ),
        lines(
            "Users behind the gaps",
            "How many users the gaps come from, all groups together.",
            "short",
            ask("avg by (instance) (reclens_hit_rate_gap_n{HERE})", "{{instance}} hit rate"),
            ask("avg by (instance) (reclens_ndcg_at_10_gap_n{HERE})", "{{instance}} NDCG@10"),
            ask("avg by (metric) (reclens_gap_change_n{HERE})", "change of {{metric}}"),
        ),
        lines(
            "Hit rate of $group",
            "Hit rate of this group of users in its 95 % interval; a panel a group.",
            "percentunit",
            ask('avg(reclens_hit_rate{HERE, user_group=~"$group"})', "hit rate"),
            ask('avg(reclens_hit_rate_low{HERE, user_group=~"$group"})', "low"),
            ask('avg(reclens_hit_rate_high{HERE, user_group=~"$group"})', "high"),
            width=24,
            repeat="group",
        ),
        lines(
            "Who is shown",
            "Share of the exposure of an hour (places counted by 1/log2(1 + place)) that each group of items has.",
            "percentunit",
            ask("avg by (side_group) (instance_group:reclens_exposure:share1h{HERE})", "{{side_group}}"),
        ),
        lines(
            "Exposure a second",
            "Exposure that each group of items is given a second; the share beside it says how it is divided.",
            "short",
            ask("sum by (side_group) (rate(reclens_exposure_total{HERE}[NOW]))", "{{side_group}}"),
        ),
    ),
)

DRIFT = Board(
    "drift",
    "Are the scores served still those that the model was tested on?",
    (
        states(
            "Drift found",
            "1 while a detector says that the scores served have moved: PSI over a window, ADWIN value by value.",
            ask("max by (detector) (reclens_drift_found{HERE})", "{{detector}}"),
        ),
        lines(
            "PSI",
            "Population stability index of the scores served now against those of held-out users, "
            "and the threshold that chance alone exceeds once in a hundred windows of this size.",
            "short",
            ask("avg by (instance) (reclens_score_psi{HERE})", "{{instance}}"),
            ask("avg by (instance) (reclens_score_psi_threshold{HERE})", "{{instance}} threshold"),
        ),
        lines(
            "Alarms",
            "How often each detector found a shift since the service was started.",
            "short",
            ask("sum by (detector) (reclens_drift_total{HERE})", "{{detector}}"),
        ),
        lines(
            "People behind the index",
            "How many people the window of the index and its reference hold, one list each; both decide the threshold.",
            "short",
            ask("avg by (instance) (reclens_score_psi_n{HERE})", "{{instance}} window"),
            ask("avg by (instance) (reclens_score_reference_n{HERE})", "{{instance}} reference"),
        ),
        heat(
            "Scores served",
            "How the scores of the first places (logits, one a list) lie; a band that moves is a shift.",
            "short",
            "reclens_scores",
        ),
        lines(
            "Scores in three figures",
            "A tenth, half and nine tenths of the served scores lie below these lines.",
            "short",
            *percentiles("reclens_scores", 10, 50, 90),
        ),
    ),
)

LEARNING = Board(
    "learning",
    "What feedback comes, is it kept, and what was learned from it?",
    (
        lines(
            "Feedback",
            "Events a second by what people did and what became of it: new, sent twice (duplicate) or refused.",
            "short",
            ask("sum by (outcome, result) (rate(reclens_feedback_total{HERE}[NOW]))", "{{outcome}}, {{result}}"),
        ),
        lines(
            "Feedback that could not be kept",
            "Events answered with 503, by reason; a full disk needs somebody at once. None of them was acknowledged.",
            "short",
            ask("sum by (reason) (reclens_feedback_failures_total{HERE})", "{{reason}}"),
        ),
        lines(
            "Time of a commit",
            "Half and 95 % of the commits of feedback were on the disk after this long.",
            "s",
            *percentiles("reclens_feedback_commit_seconds", 50),
            ask("max by (instance) (instance:reclens_feedback_commit_seconds:p95_5m{HERE})", "{{instance}} 95 %"),
        ),
        lines(
            "Updates",
            "How many updates were promoted, held for a person, and refused since the service was started.",
            "short",
            ask("max by (result) (reclens_update_total{HERE})", "{{result}}"),
        ),
        states(
            "Versions over time",
            "Which version was served when, one row a version and variant.",
            ask("max by (version, variant) (reclens_version_info{HERE})", "version {{version}}, {{variant}}"),
        ),
    ),
)

BOARDS = (SERVICE, QUALITY, FAIRNESS, DRIFT, LEARNING)
