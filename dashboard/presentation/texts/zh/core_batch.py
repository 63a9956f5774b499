"""核心模块关于批量解释的提示。"""

TEXTS = {
    "core.stage.batch": "正在解释推荐列表",
    "core.batch.no_user": "{file} 第 {row} 行没有用户编号；请补上或删除该行。",
    "core.batch.unknown_user": "{file} 第 {row} 行：{workspace} 中没有用户 {user!r}（此类行共 {count} 行）；请删除这些行，或用包含他们的数据重新训练。",
    "core.batch.no_partitions": "{folder} 中没有 Parquet 文件；请给出含有 Parquet 文件的文件夹，或一个用户编号文件。",
    "core.batch.inside": "输出文件夹 {out} 位于输入 {users} 之内；请选择其外的位置。",
    "core.batch.nobody": "{folder} 没有给出任何用户：其中的 Parquet 文件都没有行。",
    "core.batch.foreign": "{out} 中已有其他文件；请选择空文件夹或新文件夹。",
    "core.batch.other_run": "{out} 中的解释以 {name} {there!r} 生成，而不是 {wanted!r}；请另选文件夹，或先删除该文件夹。",
    "core.batch.other_users": "{out} 中的 {file} 是为另外的用户生成的；请将其删除，或另选文件夹。",
    "core.batch.other_model": "工作进程在 {workspace} 中读到的模型与开始时不同；请重新运行。",
    "core.batch.write": "无法写入 {file}：{reason}；{n} 个分区中已完成 {done} 个，再次运行即可补全其余部分。",
    "core.batch.interrupted": "已中断；{n} 个分区中已完成 {done} 个，再次运行即可补全其余部分。",
    "core.batch.worker_ended": "一个工作进程以状态 {status} 结束；{n} 个分区中已完成 {done} 个，再次运行即可补全其余部分（若内存不足，请减少 --processes）。",
    "core.batch.no_ray": "未安装 Ray；请运行 'pip install -r {file}'，或使用 '--engine local'。",
}
