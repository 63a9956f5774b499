"""The options that validation compared, as a table."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.sentences.model_choice import DIGITS, measure_name, option_name
from dashboard.presentation.sentences.quality import known
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import OptionChoice, TriedOption


def tried_options(choice: OptionChoice) -> pd.DataFrame:
    """Each option beside the chosen one after equally many epochs: what it reached, and by how much it was behind."""
    rows = [_row(option, choice) for option in choice.tried]
    heads = ("option", "epochs", "reached", "chosen", "lead", "sure")
    names = [plain(f"overview.options.{head}", measure=measure_name(choice)) for head in heads]
    return pd.DataFrame(rows, columns=names)


def _row(option: TriedOption, choice: OptionChoice) -> tuple[str, ...]:
    name = option_name(option.name)
    reached = (numbers.count(option.compared_after), numbers.fixed(abs(option.figure), DIGITS))
    if option.name == choice.chosen:
        return plain("overview.options.is_chosen", name=name), *reached, "", "", ""
    lead, low, high = (numbers.signed(x, DIGITS) for x in (option.difference, option.low, option.high))
    interval = plain("overview.options.interval", lead=lead, low=low, high=high)
    return (
        name,
        *reached,
        numbers.fixed(abs(option.chosen_figure), DIGITS),
        interval if known(option.low) else lead,
        numbers.percent(option.share_at_least, 1),
    )
