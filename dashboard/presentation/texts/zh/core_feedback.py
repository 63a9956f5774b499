"""反馈日志的提示。"""

TEXTS = {
    "core.feedback.locked": "{path} 正由另一个进程（{process}）写入：一个工作区的反馈只由一个服务写入。请先停止那个服务。",
    "core.feedback.foreign": "{path} 不是 RecLens 的反馈日志，文件保持原样。请把它移走，系统会新建日志。",
    "core.feedback.newer": "{path} 的格式是 {found}，此版本的 RecLens 只认识到格式 {known}。请使用写入它的那个版本。",
    "core.feedback.damaged": "{path} 已损坏（{reason}），文件保持原样。请恢复备份，或把它移走，系统会新建日志。",
    "core.feedback.unreadable": "无法打开 {path}（{reason}）。请检查文件权限。",
    "core.feedback.sqlite": "反馈日志需要 SQLite {least} 或更高版本，较旧的版本可能丢失数据；当前 Python 自带的是 {found}。请按 requirements.txt 安装 apsw。",
    "core.feedback.full": "无法写入 {path}（{reason}）：磁盘已满或出现故障。这批反馈没有保存，请稍后重新发送。",
    "core.feedback.moved": "服务写入期间 {path} 被移走或删除：这批反馈可能丢失。请重新启动服务，然后重新发送。",
    "core.feedback.busy": "已有 {waiting} 行反馈在等待写入磁盘，上限为 {limit} 行。请稍后重新发送。",
    "core.feedback.closed": "反馈日志已关闭。请稍后重新发送。",
    "core.feedback.list": "事件 {event}：没有展示过列表 {list}。若该物品不在任何列表上，请不要填写 list_id。",
    "core.feedback.list_user": "事件 {event}：列表 {list} 不是展示给用户 {user} 的。",
    "core.feedback.event": "事件 {event}：{field} 的值是 {value}，应为{wanted}。",
    "core.feedback.wanted.text": "1 到 {most} 个字符的文本",
    "core.feedback.wanted.number": "有限的数值",
    "core.feedback.sealed_more": "{path} 存有当天的 {sealed} 个事件，而日志里只有 {found} 个：文件保持原样。若要重新封存这一天，请先把它移走。",
}
