"""文本用词卡片。"""

TEXTS = {
    "lab.words": "起作用的词",
    "lab.words.of": "看哪段文本",
    "lab.words.none": "这个模型不读取文本，因此没有可看的词。",
    "lab.words.working": "正在读取去掉部分词之后的文本",
    "lab.words.entry": "*{word}* {value}",
    "lab.words.others": "其余 {n} 个词 {value}",
    "lab.words.sentence": "{words}：合计 {total}，正是{reason}对这个分数的贡献。",
    "lab.words.alt": "标出了各个词作用的文本：蓝底实线表示支持，橙底虚线表示反对，颜色越深作用越大。{reason}：{words}",
    "lab.words.table.alt": "每个词的贡献以及 LIME 给它的权重，最大的在前",
    "lab.words.word": "词",
    "lab.words.lime": "LIME",
    "lab.words.lime.help": "LIME 文本解释器对同样的文本拟合直线时给这个词的权重；其和不必等于任何数",
    "lab.words.error": "± 误差",
    "lab.words.exact": "Owen 值：各个词分摊整段文本的贡献，对词的全部 {n} 个子集精确计算",
    "lab.words.drawn": "Owen 值：各个词分摊整段文本的贡献，按抽取的词序计算（读取了 {n} 段文本）",
    "lab.words.contexts.all": "其他理由的全部 {n} 种组合",
    "lab.words.contexts.drawn": "其他理由的 {n} 种抽取组合",
    "lab.words.cut": "缺席的词被去掉，由编码器读取其余部分；一个都不剩时由背景样本的文本代替；中文和日文按字切分",
    "lab.words.lime.fit": "LIME 拟合度 R² {fit}",
    "lab.words.lime.agrees": "LIME（拟合度 R² {fit}）对词的排序与此一致的程度：{value}",
}
