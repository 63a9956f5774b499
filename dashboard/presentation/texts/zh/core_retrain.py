"""核心模块关于改动特征并重新训练的提示。"""

TEXTS = {
    "core.retrain.name": "“{name}”不能作为新模型的名称：为空或已被占用。已占用的名称与标识：{taken}。",
    "core.retrain.nothing": "没有任何改动；请去掉一列、只把它留作审计，或对一个数字分段。",
    "core.retrain.column": "没有可供模型读取的列“{column}”；可选：{known}。",
    "core.retrain.both_sides": "用户和物品都有列“{column}”，请说明是哪一个：{known}。",
    "core.retrain.no_feature": "列 {column} 本来就不被任何模型读取；其他列：{known}。",
    "core.retrain.twice": "对列 {column} 提出了两种处理，请只保留一种。",
    "core.retrain.form": "{text!r} 没有说明分段；请在列名与等号之后写出数字边界，以逗号分隔，例如 user.age=30,50。",
    "core.retrain.no_number": "列 {column} 不是数字，无法分段。",
    "core.retrain.ascending": "{column} 的边界必须是从小到大的数字，而给出的是 {edges}。",
    "core.retrain.empty_bucket": "{column} 没有任何行落在 {bucket} 这一段；请在其取值之间选择边界。",
}
