"""核心消息：属性的探针与翻转。"""

TEXTS = {
    "core.leakage.one_group": (
        "列 {column}：有取值且不少于 {least} 位用户的群体不足两个，探针没有可区分的对象；请换一列。"
    ),
    "core.flips.made": "列 {column} 由用户的历史得出，不能改成别的取值；请选择一个属性。",
    "core.flips.one_value": "列 {column}：有取值的用户都在同一个群体里，没有别的取值可改。",
    "core.flips.tolerance": "判断得分是否变化的容差应是 0 到 1 之间的概率，而给出的是 {value}。",
    "core.flips.crossed": "一次只翻转一列，而给出的是 {columns}。",
}
