"""What the parts about a mending compare: the variant of the page, and the model before."""

from __future__ import annotations

from dashboard.cached import group_audits as cached
from dashboard.cached.workspace import models
from dashboard.presentation.texts import plain
from dashboard.sections.fairness_parts.part import Audited
from recsys_core.variant import ModelVariant


def pick_base(audited: Audited, parameter: str) -> tuple[ModelVariant, ModelVariant | None]:
    """The selection's variant, and what it is set beside: a picked model, its own as it is, or the one mended."""
    variant: ModelVariant = audited.page.selection.variant
    own = {variant.model} if variant.model else {entry.id for entry in models(audited.ref) if entry.current}
    others = {entry.id: entry.name for entry in models(audited.ref) if entry.id not in own}
    if not others:
        return variant, cached.base_of(audited.ref, variant)
    names = {"": plain("adversarial.base.itself")} | others
    return variant, cached.base_of(audited.ref, variant, audited.page.pick(parameter, names))
