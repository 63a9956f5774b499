"""核心模块关于文本用词的提示。"""

TEXTS = {
    "core.words.column": "{column} 不是该模型读取的文本；它读取的文本：{known}。",
    "core.words.no_text": "这里的 {column} 为空，没有可看的词。",
    "core.words.no_words": "这里的 {column} 不含任何词：{value!r}。",
}
