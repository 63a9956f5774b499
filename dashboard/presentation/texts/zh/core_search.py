"""核心模块关于在修正与压缩设置中搜索的提示。"""

TEXTS = {
    "core.stage.search.begin": "正在测量完整模型",
    "core.stage.search.evolution": "搜索：第 {at} 个变体，共 {n} 个",
    "core.stage.search.grid": "与之比较的网格：第 {at} 个变体，共 {n} 个",
    "core.search.items": "{column} 是物品列；搜索缩小的是用户之间的差距。请选择用户列。",
    "core.search.interrupted": "已中断；保留了 {n} 次评估，用 --resume 继续其余部分。",
    "core.search.nobody": "没有测试用户有可供排序的留出物品，因此没有可搜索的质量。",
    "core.search.groups": "{column} 没有两个足够大、可以比较的测试用户群体。可用的列：{known}。",
    "core.search.parts": "这里按列自身的群体比较；{column} 指定了自己的群体。请用 {whole}。",
    "core.search.no_figure": "{variant} 没有可比较的差距或理由。",
    "core.search.anew.none": "此模型没有保留的搜索，因此从头开始。",
    "core.search.anew.column": "此模型保留的搜索是按另一列进行的，因此从头开始。",
    "core.search.anew.model": "保留的搜索属于另一个模型或另一份数据，因此从头开始。",
    "core.search.anew.seed": "保留的搜索使用另一个种子，因此从头开始。",
    "core.search.anew.settings": "可选的模型或设置与保留的搜索不同，因此从头开始；已测量的不会再次测量。",
}
