"""核心消息：差距由哪些理由造成。"""

TEXTS = {
    "core.gap_reasons.one_group": (
        "列 {column}：有数值且不少于 {least} 位用户的群体不足两个，因此没有可拆分的差距；请换一列。"
    ),
    "core.gap_reasons.group": "没有名为“{group}”、不少于 {least} 位用户且有数值的群体；可选：{known}。",
    "core.gap_reasons.two": "差距要在两个不同的群体之间比较，而给出的是 {groups}。",
}
