"""核心：用户与物品的分组。"""

TEXTS = {
    "core.fairness.edges": (
        "{text!r} 不是 {column} 的分段边界：请写最多 100 个从小到大的有限数字，例如 30/50，每个数字是下一组的最小值。"
    ),
    "core.fairness.parts": "{text!r} 不是 {column} 的取值：请写最多 100 个，用 / 分隔（取值内的 / 写成 %2F）。",
    "core.fairness.value": "{column} 没有任何行的取值是 {value!r}。",
    "core.fairness.note.rest": (
        "{column} 列的值太多：最常见的 {alone} 个各成一组，其余 {count} 行中较少见的值合为一组。"
        "任何取值都可以按名称指定：{column}=取值。"
    ),
    "core.fairness.note.cells": "{columns} 交叉后共有 {count} 个群体：显示最大的 {alone} 个，其余合为一组。",
}
