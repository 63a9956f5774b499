"""核心模块关于与自解释模型比较的提示。"""

TEXTS = {
    "core.contender.ranker": "排序模型",
    "core.contender.surrogate": "可加替身",
    "core.contender.logistic_regression": "逻辑回归",
    "core.contender.ebm": "EBM",
    "core.contender.ease": "EASE",
    "core.stage.cost.fit": "正在拟合：{model}",
    "core.stage.cost.rank": "正在对全部物品排序：{model}",
    "core.stage.cost.explain": "正在为理由计时：{model}",
    "core.cost.no_interpret": "未安装 interpret 库（'pip install -r {file}'）。",
    "core.cost.one_outcome": "训练数据中只有一种结果。",
}
