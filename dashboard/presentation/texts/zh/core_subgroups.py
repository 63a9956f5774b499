"""核心：最差子群体的搜索，以及各层内的差距。"""

TEXTS = {
    "core.subgroups.metric": "不能按 {metric!r} 搜索子群体；请用其中之一：{known}。",
    "core.subgroups.columns": "子群体由用户的列组成，而 {column} 不是。",
    "core.subgroups.nobody": "没有任何用户有 {metric} 的数值，因此没有可搜索的子群体。",
    "core.strata.by": "分层内的差距需要分组；请在 --within 之外再给出 --by COLUMN。",
    "core.strata.users": "差距只能在用户的分层内查看，而 {column} 是物品的列。",
    "core.strata.no_gap": "{column}：有至少 {least} 个用户的群体不足两个，因此没有可看的差距。",
    "core.strata.metric": "两个群体之间没有 {metric!r} 的差距；请用其中之一：{known}。",
}
