"""What is known of a compressed variant by its shape, worked out once and kept."""

from __future__ import annotations

from dashboard import cached
from dashboard.kept import kept
from dashboard.places import Place
from recsys_core.compare.sketch import sketch
from recsys_core.compress import stored_parts as parts
from recsys_core.compress.stored_parts import StoredPart
from recsys_core.variant import ModelVariant


@kept(16)
def stored_parts(place: Place, variant: ModelVariant) -> tuple[StoredPart, ...]:
    """Where the bytes of a variant are: nothing is trained for it."""
    return parts.stored_parts(sketch(cached.model(place, variant.model).dense, variant.compression))
