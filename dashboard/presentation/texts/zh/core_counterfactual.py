"""核心模块关于最小改动（反事实）的提示。"""

TEXTS = {
    "core.counterfactual.no_candidate": "“{title}”以前已出现过，因此不是推荐候选。",
    "core.counterfactual.not_listed": "“{title}”不在前 {k} 名（第 {rank} 名），无需移出。",
    "core.counterfactual.listed": "“{title}”已在前 {k} 名（第 {rank} 名）。",
    "core.counterfactual.no_history": "用户 {user} 没有历史，无可移除。",
    "core.counterfactual.short_list": "“{title}”无法离开前 {k} 名：候选物品只有 {n} 个。",
    "core.counterfactual.no_removal": (
        "没有找到能使“{title}”离开前 {k} 名的移除；最低从第 {before} 名到第 {rank} 名（移除历史 {all} 个物品中的 {n} 个）。"
    ),
    "core.counterfactual.unmoved": ("无论尝试移除什么，“{title}”都不低于第 {rank} 名：它在前 {k} 名并不是因为历史。"),
    "core.counterfactual.no_change": "在允许的改动中没有找到能使“{title}”进入前 {k} 名的；最好到第 {rank} 名：{change}。",
    "core.counterfactual.no_values": "{columns} 没有别的可取值，因此无可改动。",
    "core.change.form": (
        "{text!r} 没有说明什么可以改动；请写成 列、列=下限:上限（数字）或 列=a|b，列写作 user.列 或 item.列，多列用逗号分隔。"
    ),
    "core.change.range": "{column} 不可能介于 {low} 与 {high} 之间；请先写下限。",
    "core.change.text": "{column} 是文字，无法逐一尝试；请在“假设分析”页面上改写文字。",
    "core.change.twice": "{column} 被写了两次，请只写一次。",
    "core.change.no_columns": "没有任何列可以改动；请至少允许一列。",
}
