"""核心模块关于修正模型的提示。"""

TEXTS = {
    "core.mend.nothing": "没有指定任何修正；请给出一种方法。",
    "core.mend.twice": "方法 {method} 出现了两次；请只写一次。",
    "core.mend.strengths": "串联的重排共用同一个强度，而给出的是 {strengths}。",
    "core.mend.user_column": "{method} 针对用户群体，而 {column} 不是用户的列。",
    "core.mend.item_column": "{method} 针对物品群体，而 {column} 不是物品的列。",
    "core.mend.one_group": "在训练数据中，{column} 拥有至少 {least} 名用户的群体不足两个（小群体已合并）：按它做任何修正都不会有变化。",
    "core.mend.no_negatives": "“少信负例”需要有记录的负例，而任务 {task} 没有（它适用于记录了点击的任务）。",
    "core.mend.half": "一列要么去掉要么保留：其强度只能是 0 或 1，而 {column} 给出的是 {strength}。",
    "core.mend.not_read": "模型本来就不读取 {column} 的任何特征：去掉它不会有任何变化。",
    "core.mend.unchanged": "强度为 0 时什么都不改变：没有训练新模型。",
    "core.mend.distrusted": "群体 {group} 的负例权重降低，范围是{items}：验证集中该群体有 {observed} 个正例，而模型预期 {expected} 个。",
    "core.mend.distrusted_unclear": "群体 {group} 的负例权重降低，范围是{items}；但验证集并没有明确的理由去怀疑任何群体：该群体有 {observed} 个正例，模型预期 {expected} 个。",
    "core.mend.all_items": "全部物品",
    "core.mend.some_items": "{column} 为 {values} 的物品",
}
