"""核心模块的句子：两件物品的比较、列表的共同点。"""

TEXTS = {
    "core.contrast.nothing_listed": "该用户已看过所有物品，没有列表可看。",
    "core.contrast.no_others": "该用户未看过的 {n} 件全都在列表上，没有其余物品可供比较；请缩短列表（k）。",
    "core.contrast.no_neighbour": "没有其他可推荐给该用户的物品；请用 --against 指定一件。",
    "core.contrast.no_item": "请用 --item 指定要看的物品，或用 --common 查看整个列表的共同点。",
}
