"""Variants in words: each setting that is set, in the order in which levers are applied, in both languages."""

from __future__ import annotations

import pytest

from dashboard.presentation import texts
from dashboard.presentation.variants import plain_variant
from recsys_core.settings import settings_of
from recsys_core.variant import DENSE, Compression, ModelVariant

SAID_WITH_ANOTHER = {"pruning"}  # the share of neurons or weights


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (DENSE, "Full model"),
        (ModelVariant.compressed(0.5), "50\u202f% of neurons removed"),
        (
            ModelVariant.compressed(0.3, 4, "unstructured", 16),
            "student of width 16, 30\u202f% of weights set to zero, 4 bits",
        ),
    ],
)
def test_a_variant_in_words(variant, words):
    assert plain_variant(variant) == words


def test_every_setting_has_words_in_both_languages():
    needed = {f"variant.name.{name}" for name, _ in settings_of(Compression) if name not in SAID_WITH_ANOTHER}
    for language in texts.LANGUAGES:
        assert needed <= set(texts.catalogue(language))
