"""What settings, data, training, explaining and fairness can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    # settings
    "setting.task": "this dataset holds {outcome}; it cannot be trained for task '{task}'. Use {use}.",
    "setting.k": "k must be at least 1, got {value}.",
    "setting.users": "{name} must be {everyone!r} or a whole number from 1 on, got {value!r}.",
    "setting.number": "{name} must be a number, got {value!r}.",
    "setting.choice": "{name} must be one of {choices}, got {value!r}.",
    "setting.arguments": "{reason}; '{command} --help' lists what can be said.",
    "setting.text": "{name} holds bytes that are no text: {value}.",
    "setting.least": "{name} must be at least {least}, got {value}.",
    # how a run ended
    "run.interrupted": "interrupted; nothing was written.",
    "run.memory": "there is not enough memory for this; take fewer rows or a machine with more.",
    "run.file": "{file}: {reason}.",
    "run.ended": "the work ended with status {status} and said nothing.",
    "run.unexpected": (
        "this should not happen: {kind}: {reason}; please report it (with {variable}=1 it says where it happened)."
    ),
    # what long work is at (progress)
    "stage.option": "{stage} ({option})",
    "stage.epoch": "training, epoch {n}",
    "stage.levels": "measuring levels, the full model first",
    "stage.level": "measuring levels, {at} of {n}: {stage}",
    "option.with_ids": "with ids",
    "option.without_ids": "without ids",
    "option.item_id_only": "item id only",
    "option.term_without_ids": "item-item term, without ids",
    "option.term_and_item_id": "item-item term and item id",
    # parts of sentences (errors.phrase)
    "what.workspace": "a workspace",
    "what.dataset": "a dataset",
    "what.sample": "a sample folder",
    "outcome.rating": "ratings",
    "outcome.click": "clicks",
    "outcome.taken": "taken items only",
    "part.train": "training",
    "part.validation": "validation",
    "part.test": "test",
    "reason.missing": "missing",
    "reason.changed": "its content has changed",
    "reason.unreadable": "unreadable",
    "reason.damaged": "it is damaged, or was cut off when copied",
    "reason.ends_early": "it ends too early",
    "reason.permission": "no permission",
    "reason.deep": "it is nested too deeply",
    "reason.memory": "it does not fit into memory",
    "reason.packing": "it is packed in a way that is not known here",
    "reason.password": "it is protected by a password",
    "reason.other_tables": "not the description of these tables",
    "reason.other_model": "it is of another model, or of other data",
    "reason.groups": "its groups do not fit the data",
    "reason.truth": "{column} holds {value!r}, which truth.json does not know",
    "reason.format": "format {value!r}",
    "reason.few_users": "too few users have three interactions",
    "reason.equal_dates": "too many of the dates are equal",
    "reason.encoder.unknown": (
        "neither a folder nor a model of the Hugging Face hub that can be reached from here;"
        " give a folder with its files"
    ),
    "reason.encoder.changed": "the packaged weights are not the published file",
    "reason.encoder.damaged": "its files cannot be read ({problem})",
    "reason.encoder.no_weights": "there are no weights (safetensors or bin) among its files",
    "reason.encoder.weights": "weights such as {weights!r} are missing from its files",
    "reason.encoder.not_finite": "its vectors are not numbers, so its weights are damaged",
    "reason.encoder.encoder_decoder": (
        "family {family!r} is encoder and decoder in one; use an encoder (such as BERT) or a decoder (such as GPT)"
    ),
    "reason.encoder.dpr": "of DPR only a context or a question encoder gives the vector of a text",
    "expected.mapping": "the mapping, a JSON file",
    "expected.mapped": "a table that {file} names",
    "expected.source": "the tables: a folder or a file",
    "expected.folder": "the folder of the data set, or a zip of it",
    "expected.folder_of": "the folder of {name} with {files}",
    "expected.table": "a table",
    "expected.interactions": "a table of interactions ({names}), or a mapping.json",
    "expected.records": "one record a line",
    "expected.below_header": "records below the header",
    "expected.within": " from {low} to {high}",
    "expected.rows": "at least one row",
    "what.user_columns": "the user columns",
    "what.item_columns": "the item columns",
    # people and things
    "user.unknown": "No user {user} in {workspace}. Pick another.",
    "item.unknown": "No item {item} in {workspace}. Pick another.",
    "column.unknown": "No column {column} in {workspace}. Known: {known}.",
    "column.one_value": (
        "Column {column} of {workspace} has one value only, so it makes no groups. Columns that do: {known}."
    ),
    # files
    "dataset.missing": "{path}: no dataset here; run 'python -m recsys_core import' first.",
    "dataset.damaged": "{path}: file {file} is damaged or missing ({reason}); import the dataset again.",
    "workspace.old": "{path}: made by an older RecLens, whose workspaces held one model; make it anew: "
    "'python -m recsys_core prepare TABLES --out {path}', or of an imported dataset "
    "'python -m recsys_core train --data DATASET --out {path}'.",
    "model.old": "{path}: trained by an older RecLens; train its workspace anew: "
    "'python -m recsys_core train --data {workspace}/dataset --out {workspace}'.",
    "model.unknown": "No model {model} in {workspace}; there are: {known}.",
    "model.id": "{model!r} cannot name a model: it is taken, or holds more than letters, digits, '-', '_' and '.'.",
    "model.current": "Model {model} is the current one; make another one current before it is removed.",
    "evaluation.anew": "The lists stored with model {model} could not be used ({reason}): they were worked out anew.",
    "workspace.missing": "{path}: no workspace here; run 'python -m recsys_core train' first.",
    "workspace.damaged": "{path}: file {file} is damaged ({reason}); train the workspace again or restore the file.",
    "workspace.other_data": "{path}: the dataset is not the one that the model was trained on; "
    "train the workspace again or restore the dataset.",
    "workspace.foreign": "{path}: {file} was not written by RecLens ({reason}).",
    "output.exists": "{path} exists already and is not {what}; choose another folder.",
    # tables
    "table.missing": "{file}: not found in {folder}; expected {expected}.",
    "table.empty": "{file}: the file is empty; expected {expected}.",
    "table.column_missing": "{file}: column '{column}' is missing; found {found}. Add it or name it in the mapping.",
    "table.cells_empty": (
        "{file}: column '{column}' has {count} empty {count|cell (row|cells (rows} {rows}); fill or drop them."
    ),
    "table.cells_missing": (
        "{file}: column '{column}' has {count} {count|cell|cells} without a value "
        "({count|row|rows} {rows}; {value} counts as missing); write another id or drop them."
    ),
    "table.number": "{file} row {row}: column '{column}' holds {value!r}, not a number{within}; correct or drop it.",
    "table.time": (
        "{file} row {row}: column '{column}' holds {value!r}, not a time like the others; write unix seconds "
        "or ISO 8601, or map 'time_format' or 'time_unit'."
    ),
    "table.time_ambiguous": "{file}: column '{column}' ({value}) may be {first} or {second}; map 'time_format'.",
    "table.duplicate": "{file} row {row}: {column} {value!r} is listed already in row {first}; keep one of them.",
    "table.reference": (
        "{file} row {row}: {column} {value!r} is not in {other}; add it there, drop the row, or map "
        "'unknown_ids' as 'keep' or 'drop'."
    ),
    "table.cut": "{file} row {row}: {got} fields instead of {expected} (a cut line?); complete or drop the row.",
    "table.nul": "{file} row {row}: holds NUL bytes; the file is damaged, copy it again.",
    "table.encoding": (
        '{file} row {row}: byte {byte} is not {encoding} text; map "encoding": "{guess}" if {reads!r} reads right,'
        " or save the file as UTF-8."
    ),
    "table.one_class": "{file}: column '{column}' holds only {value}; the model needs both outcomes to learn from.",
    "table.too_few": "{file}: only {count} usable {count|row|rows}; at least {least} are needed.",
    "table.unreadable": "{file}: cannot be read ({reason}).",
    "table.quote": (
        "{file} row {row}: misplaced quotation mark in {value!r}; correct the row, or map 'quotes': false where a"
        " quotation mark is a letter like any other."
    ),
    "table.quote_escaped": (
        '{file} row {row}: quotation marks are escaped by a backslash in {value!r}; map "escape": "\\\\" to read them.'
    ),
    "table.nested": (
        "{file}: column '{column}' holds {type} in a cell, not one plain value or a list of them; flatten it, or leave"
        " it out of the mapping."
    ),
    "table.one_column": (
        "{file}: column '{column}' is missing; the file was read as one column, '{found}'. Name its \"delimiter\" in"
        " the mapping."
    ),
    "table.no_header": "{file}: the first line ({found}) looks like a record; write the columns' names above it.",
    "table.json": "{file} row {row}: no JSON from letter {letter} on; correct or drop the row.",
    "table.json_record": "{file} row {row}: not an object in curly brackets; write one a record.",
    "table.foreign": "{file}: this is {what}, not a table; {fix}.",
    "table.several": "{file}: holds {count} {count|file|files} ({names}); unpack it and name the one that is meant.",
    "table.several_sets": "{folder}: holds {count} {count|set|sets} of reviews ({names}); keep one in a folder.",
    "table.too_big": "{file}: unpacked it is {size}, more than this disk can hold; unpack it elsewhere.",
    "table.over_memory": "{file}: unpacked it is more than {size}, half of the memory that is free; take fewer rows.",
    "table.none_inside": "{file}: the archive holds no file.",
    "table.sheets": "{file}: {count} {count|sheet is|sheets are} filled ({names}); save the one meant in its own file.",
    "kind.html": "a web page (an error or a login page?)",
    "kind.xml": "an XML file",
    "kind.old_workbook": "a workbook in an old, binary or encrypted form",
    "kind.office": "an office document",
    "kind.old_feather": "Feather of version 1",
    "kind.database": "an SQLite database",
    "kind.hdf": "an HDF5 file",
    "kind.array": "a NumPy array",
    "kind.pdf": "a PDF",
    "kind.pickle": "a pickle, which could run code when opened",
    "kind.archive": "an archive",
    "kind.lfs": "a pointer of Git LFS, without the file it points to",
    "fix.lfs": "fetch the file with 'git lfs pull'",
    "fix.save_csv": "save the table as CSV or Parquet",
    "fix.unpack": "unpack it",
    "fix.download": "download the file again",
    "table.column_twice": "{file}: column '{column}' is there twice; rename one of them.",
    "table.code": "{file} row {row}: column '{column}' holds {value!r}; expected one of {choices}; correct the row.",
    "mapping.bad": "{file}: {reason}; see 'Your own tables' in the README.",
    "mapping.not_json": "not a JSON file",
    "mapping.not_json_at": "not a JSON file (line {line}, letter {column})",
    "mapping.whole": "the mapping",
    "mapping.column": "{side} column {column!r}",
    "mapping.object": "{where} must be an object in curly brackets",
    "mapping.unknown_key": "{where} has an unknown key {key!r}; known: {known}",
    "mapping.type": "{where}: {key!r} must be {type}",
    "mapping.str": "a text",
    "mapping.int": "a number",
    "mapping.bool": "true or false",
    "mapping.list": "a list",
    "mapping.dict": "an object",
    "mapping.must_name": "{where} must name {key!r}",
    "mapping.choice": "{where}: {key} must be one of {choices}, got {value!r}",
    "mapping.levels": "{where}: levels must be different texts or numbers, lowest first",
    "mapping.needs_value": "interactions: outcome {outcome!r} needs 'value', the column that holds it",
    "mapping.finite": "interactions: {key!r} must be finite",
    "mapping.needs_value_column": "interactions: {key!r} needs 'value', the column that it is about",
    "mapping.delimiter": "{where}: 'delimiter' must be what parts the cells, without quotation marks or line ends",
    "mapping.encoding": "{where}: no text encoding is called {value!r}; such as 'utf-8', 'cp1252', 'gb18030'",
    "mapping.escape": "{where}: 'escape' must be one sign such as a backslash, got {value!r}",
    "mapping.low_high": "interactions: 'low' must be below 'high'",
    "mapping.file": "file {file!r} must lie in the folder of the tables",
    "mapping.words_ordered": "column {column!r} is 'ordered' but holds words; list its 'levels', lowest first",
    "mapping.taken": (
        "outcome 'taken' wants 1 in every row of {column!r}; use 'click' or 'rating', name 'positive_from', or leave "
        "'value' out"
    ),
    "setting.unused": "{name} is used with {use} only; leave it out.",
    "setting.no_term": "{name} {value}: this model has no item-item term, so there are no entries to leave out.",
    "setting.between": "{name} must lie between {low} and {high}, got {value}.",
    # problems that stop nobody
    "warning.repeated_titles": "{count} {count|item repeats|items repeat} another item's title (such as {example!r}).",
    "warning.titles_missing": "{count} {count|item has|items have} no title; the id stands in for it.",
    "warning.titles_not_latin": "{percent} % of the titles are not in Latin script; MiniLM reads English best.",
    "warning.items_untouched": "{count} of {of} items {count|has|have} no interaction.",
    "warning.users_untouched": "{count} of {of} users {count|has|have} no interaction.",
    "warning.users_few": (
        "{count} of {of} users {count|has|have} fewer than {least} interactions: too few to be tested on."
    ),
    "warning.repeated_pairs": (
        "{count} {count|interaction repeats|interactions repeat} an earlier user-item pair; all are kept."
    ),
    "warning.cells_unreadable": (
        "{side}: column '{column}': {count} of {of} cells cannot be read ({examples}); they count as missing."
    ),
    "warning.cells_clipped": (
        "{side}: column '{column}': {count} {count|number is|numbers are} beyond 1e15 ({value}; rows {rows}); "
        "cut off there."
    ),
    "warning.decimal_unsure": (
        "{side}: column '{column}': {value} was read as {number}; if the comma stands before a fraction, map "
        "'decimal': ','."
    ),
    "warning.column_ignored": "{side}: column '{column}' is no reason: {reason}.",
    "side.users": "users",
    "side.items": "items",
    "ignored.empty": "all cells are empty",
    "ignored.one_value": "all cells are equal",
    "ignored.long": "its texts are long; map it as 'text' to have it read",
    "ignored.many": "nearly every cell differs; map its kind to have it read",
    "warning.ids_dropped": (
        "{file}: {count} {count|row has an id|rows have ids} of column '{column}' in no table ({examples}); dropped."
    ),
    "warning.ids_kept": (
        "{file}: {n_ids} {n_ids|id|ids} of column '{column}' {n_ids|is|are} in no table ({examples}); added bare."
    ),
    "warning.amounts": (
        "{file}: column '{column}' holds amounts (up to {most}), not ratings: every row above 0 counts as taken; "
        "'positive_from' asks for more."
    ),
    "warning.counts": (
        "{file}: column '{column}' holds counts (up to {most}), not ratings: every row from 1 on counts as "
        "taken; 'positive_from' asks for more."
    ),
    "warning.positive_from": "{count} of {of} rows reach {least} and count as taken.",
    "warning.unrated": (
        "{count} of {of} rows hold {value}, which means not rated: they teach what was taken, not how it was liked."
    ),
    "warning.outcome_unused": (
        "{file}: column '{column}' says yes or no, but every row counts as taken; if it is the outcome, map "
        "it: 'value': '{column}'."
    ),
    "warning.all_taken": (
        "{file}: column '{column}' says yes in every row: each counts as taken, none as passed over."
    ),
    "warning.scale_assumed": (
        "the ratings lie between {least} and {most}; their scale is taken to be {low} to {high}. Map 'low' "
        "and 'high' if it is another."
    ),
    "warning.rows_unused": (
        "ratings from {least} on are what was taken: {percent} % of the rows are below and are not used for "
        "task implicit; 'positive_from' sets another bound."
    ),
    "warning.cells_missing": "{side}: column '{column}' is empty for {count} of {of}; they count as missing.",
    "warning.lopsided": "{percent} % of the interactions have the value {value}; there is little to learn from.",
    "warning.one_user": "there is one user only: nobody can be compared.",
    "warning.one_item": "there is one item only: no list can be ranked.",
    "warning.equal_times": "{percent} % of the interactions share their time with another one of the same user; "
    "which of them came last is drawn by the seed.",
    "warning.no_time": "the interactions carry no time; the test set is drawn at random.",
    "warning.scale_inferred": "the rating scale was taken from the data: {low} to {high}.",
    "warning.columns_unused": "{file}: columns {columns} are not used.",
    "warning.blank_lines": "{file}: {count} blank {count|line was|lines were} passed over.",
    "warning.products_left_out": "{file}: {count} of {of} products {count|has|have} no review here; left out.",
    "warning.files_unused": "{count} {count|file|files} of the folder {count|is|are} not read: {files}.",
    "warning.flat_columns": "{side}: {columns} taken from {file}, where the id decides them.",
    "warning.flat_varies": (
        "{side}: '{column}' varies within {count} of {of} ids in {file} (such as {example!r});"
        " the most frequent value counts."
    ),
    "warning.row_index": "{file}: column '{column}' only numbers the rows; it is left out.",
    "warning.nameless_index": "{file}: column number {number} has no name and only numbers the rows; it is left out.",
    "warning.nameless": "{file}: column number {number} has no name; it is left out. Name it in the header to use it.",
    "warning.nested": "{file}: the cells of {columns} hold structures, not plain values; left out.",
    # splitting
    "split.empty": "the {part} part would hold no interactions: {reason}; use --split random.",
    # training
    "train.one_item": "the dataset holds one item; a ranking needs two or more: add items.",
    "train.one_value": (
        "the training rows of split '{split}' hold only the value {value}; a model needs"
        " more than one to learn from: choose another split, or add interactions."
    ),
    "train.text_encoder": "text encoder {name}: {reason}.",
    # explaining
    "explain.method_each": (
        "method '{method}' explains the history as one reason; use --history one, or one of the methods {others}."
    ),
    "explain.method_black_box": (
        "method '{method}' looks inside the network, and of this model only the scores are known; use one of {others}."
    ),
    "explain.method_quantised": (
        "method '{method}' needs gradients, and there are none at {bits} bits; use one of {others}."
    ),
    # fairness
    "fairness.no_groups": "column {column}: no group has {least} users or more; choose another column.",
    "fairness.no_item_groups": "column {column}: no group has {least} items or more; choose another column.",
    "fairness.nobody": "the test part holds no user, so no group has figures; train on more interactions.",
    "fairness.reason.no_category": "no item column tells categories apart.",
    "fairness.reason.many_values": (
        "item column {column} has {count} different {count|value|values}; at most {most} can be compared."
    ),
    "fairness.reason.no_probabilities": "the model gives no probability that an item is taken.",
    "fairness.reason.one_group": "it compares groups, and fewer than two are large enough.",
    "fairness.reason.no_shared_item": "it compares items with pairs of two groups, of at most 20 groups.",
    "fairness.reason.nobody_ranked": "nobody has a held-out item to be ranked for.",
    "fairness.reason.no_history": "nobody who is ranked took an item in training.",
    "fairness.reason.no_pairs": "there are no test pairs.",
    "fairness.reason.one_class": "the test pairs that it needs are all taken or all not taken.",
    "fairness.mixed_sides": "columns {columns} mix users and items; cross columns of one side only.",
}
