"""核心消息：群体之间的解释比较与对抗性审计。"""

TEXTS = {
    "core.group_reasons.one_group": (
        "列 {column}：被解释的用户不少于 {least} 位的群体不足两个，无法比较它们的理由；请换一列。"
    ),
    "core.adversarial.no_subgroup": "没有足够大的子群体可以与其他所有用户比较。",
    "core.adversarial.reversed": "探针的 AUC 为 {auc}，低于 0.5：反过来读它同样能区分群体，因此按翻转后的数值计。",
    "core.adversarial.not_read": "模型不读取 {column}，因此换成别的取值不会改变任何结果，这是确定的。",
    "core.adversarial.same": "模型“{model}”就是正在审计的模型；请指定另一个模型与它比较。",
}
