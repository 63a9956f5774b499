"""模型差距与数据差距的比较。"""

TEXTS = {
    "core.data_gap.k": "--data-gap 比较的是长度为 {k} 的列表：请去掉 --k。",
    "core.data_gap.by": "--data-gap 比较某一列的各群体：请用 --by 指明是哪一列。",
    "core.data_gap.no_groups": "列{column}：人数不少于 {least} 的群体不足两个，因此没有差距可言。",
    "core.data_gap.bound": "任何修正都无法让{group}超过可能的最好水平 {best}；模型达到 {model}。",
    "core.data_gap.best.widens": "可能的最好排序在{best}与{worst}之间留下 {held} 的差距，模型留下 {gap}：模型多出 {added}（{low} 到 {high}），这部分可以修正。",
    "core.data_gap.best.narrows": "可能的最好排序在{best}与{worst}之间留下 {held} 的差距，模型留下 {gap}：少 {added}（{low} 到 {high}），因为模型对{best}的服务没有达到可能的水平。",
    "core.data_gap.best.alike": "可能的最好排序在{best}与{worst}之间留下 {held} 的差距，模型留下 {gap}：模型并未多出噪声以外的差距。",
    "core.data_gap.ease.widens": "同样的数据上，EASE 在{best}与{worst}之间留下 {held} 的差距，模型留下 {gap}：模型把数据中已有的差距扩大了 {added}（{low} 到 {high}）。",
    "core.data_gap.ease.narrows": "同样的数据上，EASE 在{best}与{worst}之间留下 {held} 的差距，模型留下 {gap}：模型把数据中已有的差距缩小了 {added}（{low} 到 {high}）。",
    "core.data_gap.ease.alike": "同样的数据上，EASE 在{best}与{worst}之间留下 {held} 的差距，模型留下 {gap}：没有超出噪声地扩大数据中已有的差距。",
}
