"""What explaining a history can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "history.attention_quantised": "attention of a variant of {bits} bits computes with other numbers; "
    "ask for shapley or leave_one_out.",
}
