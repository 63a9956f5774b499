"""核心模块关于用户分群的提示。"""

TEXTS = {
    "core.segment.name": "{name!r} 不能用作分群名称；请用 1 至 {longest} 个可显示的字符，首尾不留空格。",
    "core.segment.nothing": "分群 {name!r} 需要条件或用户，二者取一。",
    "core.segment.condition": "分群 {name!r}：列 {column} 的条件既不是由小到大的两个数字，也不是取值列表。",
    "core.segment.where": "{text!r} 不是条件；请写成 列:最小值..最大值 或 列:取值|取值，多个条件之间用“;”分隔。",
    "core.segment.unsaved": "给出了用户却没有名称；请加上 --save 名称。",
    "core.segment.unknown": "{workspace} 中没有分群 {name!r}；现有：{known}。",
    "core.segment.none": "{workspace} 中没有分群 {name!r}；那里还没有保存任何分群。",
    "core.segment.column": "分群 {name!r}：{workspace} 的用户没有列 {column!r}；现有：{known}。",
    "core.segment.users": "分群 {name!r}：其中 {n} 个用户不在 {workspace} 中，例如 {first}。",
    "core.segments.damaged": "{file} 无法使用（{reason}）；请修复或移走它。除分群外，其余功能照常可用。",
    "core.reason.segment_twice": "两个分群同名",
}
