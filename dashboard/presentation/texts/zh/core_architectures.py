"""核心模块关于比较模型设计的提示。"""

TEXTS = {
    "core.stage.designs": "正在训练设计：第 {at} 个，共 {n} 个",
}
