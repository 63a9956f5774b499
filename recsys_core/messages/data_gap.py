"""What the comparison of a model's gap with the data's can say."""

MESSAGES = {
    "data_gap.k": "--data-gap compares lists of {k}: leave --k out.",
    "data_gap.by": "--data-gap compares the groups of a column: name it with --by.",
    "data_gap.no_groups": "Column {column}: fewer than two groups have {least} users or more, so there is no gap.",
    "data_gap.bound": "No mending can lift {group} above the best possible {best}; the model reaches {model}.",
    "data_gap.best.widens": (
        "The best possible ranking leaves {held} between {best} and {worst}, the model {gap}: the model adds {added} "
        "({low} to {high}), and this could be mended."
    ),
    "data_gap.best.narrows": (
        "The best possible ranking leaves {held} between {best} and {worst}, the model {gap}: {added} less ({low} to "
        "{high}), as the model serves {best} less well than it could."
    ),
    "data_gap.best.alike": (
        "The best possible ranking leaves {held} between {best} and {worst}, the model {gap}: the model adds nothing "
        "beyond noise."
    ),
    "data_gap.ease.widens": (
        "EASE on the same data leaves {held} between {best} and {worst}, the model {gap}: it widens what the data hold "
        "by {added} ({low} to {high})."
    ),
    "data_gap.ease.narrows": (
        "EASE on the same data leaves {held} between {best} and {worst}, the model {gap}: it narrows what the data "
        "hold by {added} ({low} to {high})."
    ),
    "data_gap.ease.alike": (
        "EASE on the same data leaves {held} between {best} and {worst}, the model {gap}: it does not widen what the "
        "data hold beyond noise."
    ),
}
