"""核心模块关于从反馈中学习的提示。"""

TEXTS = {
    "core.learning.locked": "{path}：此工作区已有另一个学习进程在运行；请等它结束，或将其停止。",
    "core.learning.not_held": "编号为 {decision} 的决定并未暂缓等待人工处理：其状态为 {state}。",
    "core.learning.state.promoted": "已上线",
    "core.learning.state.held": "暂缓",
    "core.learning.state.refused": "已拒绝",
    "core.learning.outdated": "编号为 {decision} 的决定针对版本 {parent} 的候选模型，而现在提供服务的是版本 {now}："
    "请再学习一次。",
    "core.learning.stage": "学习：{step}",
    "core.learning.stage.rows": "读取反馈",
    "core.learning.stage.guard": "由守门检查评判",
    "core.learning.stage.waiting": "等待反馈",
    "core.learning.step.recalibrate": "重新校准概率",
    "core.learning.step.second_layer": "第二层与输出层",
    "core.learning.step.everything": "所有层",
    "core.learning.better": "在最新反馈上确实更好（对数损失降低 {gain:.4f}，至少 {low:.4f}），且没有任何不利证据。",
    "core.learning.too_little": "反馈还不够：可供学习的有 {n_rows} 行（至少需要 {least_rows} 行），可供评判的有 {n_users} 名用户"
    "（至少需要 {least_users} 名）。",
    "core.learning.little": "反馈还不够：可供评判的有 {n_users} 名用户，至少需要 {least} 名。",
    "core.learning.unsure": "反馈还不够：在 {n_users} 名用户上，{gain:+.4f} 的提升可能低至 {low:+.4f}。",
    "core.learning.no_gain": "没有确定的提升：在 {n_users} 名用户上对数损失的改善为 {gain:+.4f}，可能只有 {low:+.4f}。",
    "core.learning.worse": "在最新反馈上更差：对数损失的改善为 {gain:+.4f}（介于 {low:+.4f} 与 {high:+.4f} 之间）。",
    "core.learning.group": "对某一群体更差：{column} {group} 的对数损失改善为 {gain:+.4f}（{n} 名用户）。",
    "core.learning.gap": "最好与最差群体之间的差距扩大了 {widened:.4f}（对数损失），至少 {low:.4f}。",
    "core.learning.churn": "一次改变太多：前 10 名只保留 {overlap:.0%}，至少要求 {least:.0%}。",
    "core.learning.drift": "一次改变太多：解释理由变动了 {drift:.0%}，最多允许 {most:.0%}。",
    "core.learning.contradicts": "反馈与现有模型的预期相矛盾，每行相差 {surprise:.2f} 纳特（最多允许 {most:.2f}）："
    "可能是无意义的数据，也可能是世界已经改变。需由人来决定。",
    "core.learning.contradicts_group": "{column} {group} 的反馈与现有模型的预期相矛盾，每行相差 {surprise:.2f} 纳特"
    "（最多允许 {most:.2f}）：可能是无意义的数据，也可能是世界已经改变。需由人来决定。",
    "core.learning.disagree": "两份留出数据意见不一：最新反馈上对数损失的改善为 {rolling:+.4f}，固定测试部分上为 {anchor:+.4f}"
    "（可能为 {low:+.4f}）。需由人来决定。",
    "core.learning.disagree_group": "两份留出数据意见不一：最新反馈上对数损失的改善为 {rolling:+.4f}，而 {column} {group} 在"
    "固定测试部分上为 {anchor:+.4f}（{n} 名用户）。需由人来决定。",
    "core.learning.no_anchor": "固定测试部分只有 {n_users} 名用户（至少需要 {least} 名），无法判断在那里的代价。需由人来决定。",
    "core.learning.replaced": "在评判版本 {parent} 的候选模型期间，已改由版本 {now} 提供服务：下一次学习将从该版本开始。",
    "core.learning.by_person": "由人决定上线。",
    "core.learning.refused_by_person": "由人拒绝；其反馈不再用于学习。",
    "core.learning.rolled_back": "由人回退到版本 {version}；其反馈不再用于学习。",
}
