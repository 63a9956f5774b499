"""模拟用户的提示。"""

TEXTS = {
    "core.simulate.no_truth": "{data} 没有预设的真实偏好，无法知道用户会选择什么。请使用示例数据：“python -m recsys_core sample”。",
    "core.simulate.no_service": "{url} 没有服务应答（{reason}）。请先启动服务：“python -m recsys_core serve --workspace W”。",
    "core.simulate.other_service": "{url} 的服务使用的不是此工作区的数据。请用 --url 指定此工作区的服务。",
    "core.simulate.refused": "{url} 拒绝了模拟用户发送的内容（{reason}）：{said}",
    "core.simulate.url": "{value!r} 不是服务地址；服务地址形如“http://127.0.0.1:8600”。",
    "core.simulate.trend": "没有可以流行起来的类别 {value!r}；可选类别：{choices}。",
    "core.stage.simulate": "模拟用户，访问 {n} 次，选择 {taken} 件",
}
