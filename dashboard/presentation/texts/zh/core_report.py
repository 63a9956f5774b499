"""核心模块关于报告的提示。"""

TEXTS = {
    "core.report.file": "{value!r} 不是 HTML 文件；请给“--out”一个以“.html”结尾的名称。",
}
