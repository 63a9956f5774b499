"""重排的提示，与 recsys_core.messages.rerank 一一对应。"""

TEXTS: dict[str, str] = {
    "core.rerank.side.item": "{method} 按物品的列分组，而 {column} 是用户的列；可用的有：{known}。",
    "core.rerank.side.user": "{method} 按用户的列分组，而 {column} 是物品的列；可用的有：{known}。",
    "core.rerank.no_column": "{method} 没有可用的列：没有哪一列至少有两个群体。",
    "core.rerank.one_group": "{method} 无法改变任何东西：{column} 只有一个群体，即 {group}。",
    "core.rerank.columns": "给 {methods} 指定了 {count} 列；请给一列供全部使用，或为每种方法各给一列。",
    "core.rerank.no_validation": "{method} 无从学习：验证集里没有用户选过物品。",
    "core.rerank.no_probability": "{method} 依据概率作决定，而预测评分的模型没有概率。",
    "core.rerank.too_few_pairs": "{method} 无法改变任何东西：{column} 中两种结果各有至少 {least} 个验证对的群体不足两个。",
}
