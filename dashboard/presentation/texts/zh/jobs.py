"""后台的长时间任务。"""

TEXTS = {
    "jobs.n": "{n} 项任务进行中",
    "jobs.failed": "{n} 项任务因错误停止",
    "jobs.cancel": "停止",
    "jobs.stopping": "正在停止",
    "jobs.dismiss": "关闭",
    "jobs.waiting": "等待其他任务完成",
    "jobs.cost": "可解释性的代价：{workspace}",
    "jobs.measure": "正在测量 {workspace} 的各档位",
}
