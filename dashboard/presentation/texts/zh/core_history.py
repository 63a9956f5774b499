"""核心消息：解释历史。"""

TEXTS = {
    "core.history.attention_quantised": "{bits} 位变体的注意力用另一套数字计算；请改用 shapley 或 leave_one_out。",
}
