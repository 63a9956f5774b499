"""核心模块关于单位、对照背景与可信度的提示。"""

TEXTS = {
    "core.explain.no_probability": "评分模型预测的是评分范围中的位置，没有概率；请使用“--units logit”。",
    "core.background.form": "{value!r} 不是有效的对照背景；请写“average”、“segment:名称”或“item:编号”。",
    "core.background.itself": "物品 {item} 正是要解释的物品；请与另一个物品比较。",
    "core.background.no_segments": "这里没有用户分群，{segment!r} 无法作为对照背景；请使用“average”或“item:编号”。",
    "core.background.empty": "分群 {segment!r} 的用户没有任何训练样例，无法作为对照背景；请另选一个。",
}
