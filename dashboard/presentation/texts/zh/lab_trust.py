"""解释页的可信度卡片，以及解释所对照的背景。"""

TEXTS = {
    "background.segment": "“{segment}”的平均",
    "background.item": "同一用户的 {item}",
    "lab.trust": "这个解释可信吗？",
    "lab.trust.compared": "对照",
}
