"""核心模块关于实时用户状态与推荐应答的提示。"""

TEXTS = {
    "core.live.column": "未知的用户列 {column!r}；可用的列：{known}。",
    "core.live.kind": "{column} 必须是{kind}，收到的是 {value}。",
    "core.live.kind.number": "数值",
    "core.live.kind.text": "文本",
    "core.live.kind.set": "文本或文本列表",
    "core.live.known_attributes": "用户 {user} 已在数据中，其属性以数据为准；只有新用户才需要提供属性。",
    "core.live.note.popular": "对此用户一无所知：物品按选择过它们的人数排序。",
    "core.live.note.value": "模型不认识 {column} 的取值 {value!r}；按缺失值处理。",
    "core.live.note.fewer": "只剩 {n} 件物品可推荐，请求的是 {k} 件。",
    "core.live.note.nothing_left": "所有物品都已接触过或被排除：没有可推荐的物品。",
    "core.live.note.nothing_known": "对此用户一无所知：分数是没有属性和历史的人的分数。",
}
