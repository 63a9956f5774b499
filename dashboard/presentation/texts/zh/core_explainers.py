"""核心消息：比较解释方法。"""

TEXTS = {
    "core.explainers.stage": "用所有方法解释 {all} 位用户中的 {n} 位",
    "core.explainers.nobody": "没有任何用户能得到推荐，因此没有可解释的内容。",
}
