"""核心模块关于版本与决定的提示。"""

TEXTS = {
    "core.versions.first": "版本 {version} 是最早提供服务的版本：没有更早的版本可以回退。",
    "core.versions.replaced": "版本 {version} 已不存在：模型 {model} 之后又重新训练过。请手动指定当前模型。",
    "core.versions.decision": "此工作区没有编号为 {decision} 的决定。",
}
