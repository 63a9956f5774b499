"""分数与贡献的单位。"""

TEXTS = {
    "units.choice": "单位",
    "units.logit": "logit",
    "units.probability": "百分点",
    "units.no_probability": "评分模型没有概率，理由以 logit 表示。",
    "units.points": "{value} 个百分点",
    "explain.axis.probability": "贡献，百分点",
    "explain.waterfall.alt.probability": "从对照的情形出发，逐条理由累加到这个概率（百分点）；全部数字见下方表格",
    "explain.contribution.probability": "贡献（百分点）",
    "explain.without.logit": "去掉后的 logit",
    "explain.history.change.help.probability": "只从历史中移除这一件时概率变化的百分点",
    "explain.history.contribution.probability": "贡献（百分点）",
    "explain.history.without_caveat.probability": "去掉后：只从历史中移除这一件时概率（全部保留时为 {score}）变化的百分点（唯一的一件移除后历史为空）；相似的物品会互相掩盖",
    "explain.caveat.units.probability": "贡献以百分点计：是概率本身的 Shapley 值，不是换算后的 logit",
    "explain.caveat.units.probability.other": "以概率的百分点计",
    "global.axis.probability": "平均 |贡献|，百分点",
    "global.sizes.alt.probability": "各条理由的平均绝对贡献（百分点）：{reasons}",
    "global.swarm.axis.probability": "贡献，百分点",
    "global.values.axis.probability": "平均贡献，百分点",
}
