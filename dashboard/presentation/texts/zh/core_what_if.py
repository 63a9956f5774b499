"""核心模块关于修改用户、历史与物品的提示。"""

TEXTS = {
    "core.side.user": "用户",
    "core.side.item": "物品",
    "core.edit.form": "{edit!r} 不是有效的修改；请写成 user.列=值 或 item.列=值。",
    "core.edit.column": "{side}没有列 {column!r}；模型读取的列：{known}。",
    "core.edit.not_read": "模型不读取{side}的列 {column!r}，修改不会有任何影响；模型读取的列：{known}。",
    "core.edit.number": "{column} 必须是数字，而给出的是 {value!r}。",
    "core.edit.value": "{column} 没有取值 {value!r}；可选：{known}。",
    "core.edit.twice": "{edit} 被修改了两次，请只保留一个。",
    "core.edit.taken": "物品 {item} 已在历史中，无法再添加。",
    "core.edit.not_taken": "物品 {item} 不在用户 {user} 的历史中，无法移除。",
    "core.response.text": "{column} 是文本，没有可供遍历的取值；请直接修改它。",
    "core.what_if.who": "请说明问的是谁：{wanted}；或用 --edits 给出写明这些的会话文件。",
    "core.session.foreign": "{file}：这不是 RecLens 的假设会话文件。",
    "core.session.damaged": "{file}：假设会话文件已损坏（{reason}）。",
    "core.session.other_data": "{file}：这个假设会话属于别的数据，而不是工作区 {workspace} 的数据。",
    "core.session.too_many": "{file}：假设会话中的修改超过 {most} 个。",
    "core.edit.note.beyond": "{column}={value} 超出数据表的范围，模型按 {end} 读取。",
    "core.edit.itself": "物品 {item} 正是所问的物品，不能添加到历史中。",
}
