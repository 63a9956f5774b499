"""Bodies of the service: what each address takes and gives, checked strictly, the schemas of ``/openapi.json``.

What is sent is never guessed at: a number is no id, an unknown field is refused, a number that is not finite too. What
is given is built by hand (a model would cost a third of a request) and described here; a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

MOST_K, MOST_LISTED, MOST_HISTORY, MOST_EVENTS = 1000, 10_000, 10_000, 10_000
MOST_WITH_REASONS = 20  # items of a list that are explained: each costs as much as four lists
LONGEST_ID, LONGEST_TEXT, MOST_ATTRIBUTES = 256, 10_000, 200

Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Value = Text | Finite | bool | None | Annotated[list[Text], Field(max_length=MOST_ATTRIBUTES)]


class Taken(BaseModel):
    """What is sent: exact types, no other fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


SOMEBODY: dict[str, Any] = {  # what a schema says of `Someone.says_who`
    "anyOf": [
        {"required": [name], "properties": {name: {"type": kind}}}
        for name, kind in (("user_id", "string"), ("attributes", "object"), ("history", "array"))
    ]
}


class Someone(Taken):
    """Who is asked about: somebody with an id, or somebody new by attributes and history."""

    model_config = ConfigDict(json_schema_extra=SOMEBODY)

    user_id: Annotated[Id | None, Field(description="raw id")] = None
    attributes: Annotated[
        dict[Annotated[str, Field(max_length=LONGEST_ID)], Value] | None,
        Field(max_length=MOST_ATTRIBUTES, description="of somebody that the data do not know, by user column"),
    ] = None
    history: Annotated[
        list[Id] | None,
        Field(max_length=MOST_HISTORY, description="ids of items that somebody new has taken, the newest first"),
    ] = None

    @model_validator(mode="after")
    def says_who(self) -> Someone:
        """Refuse a body that names nobody: popularity for everyone should be asked for by an id that is not known."""
        if self.user_id is None and self.attributes is None and self.history is None:
            raise PydanticCustomError("nobody", "user_id, attributes or history is needed")
        return self


class RecommendBody(Someone):
    """The best items for somebody."""

    k: Annotated[int, Field(ge=1, le=MOST_K, description="length of the list")] = 10
    exclude: Annotated[list[Id], Field(max_length=MOST_LISTED, description="ids of items not to be listed")] = []
    reasons: Annotated[bool, Field(description=f"explain each item, of {MOST_WITH_REASONS} at most")] = False


class ScoreBody(Someone):
    """Scores of items for somebody, whether they could be listed or not."""

    item_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_LISTED)]


class ExplainBody(Someone):
    """Why an item scores as it does for somebody."""

    item_id: Id
    background: Annotated[int, Field(ge=1, le=32, description="rows that the case is compared with")] = 4


class Event(Taken):
    """Something that somebody did with an item."""

    event_id: Annotated[Id, Field(description="made by the client: the same id is the same event")]
    user_id: Id
    item_id: Id
    outcome: Annotated[Finite, Field(description="on the scale of the data: 0 or 1, or a rating")]
    list_id: Annotated[Id | None, Field(description="the list on which it stood")] = None
    time: Annotated[
        float | None, Field(ge=0, le=1e11, allow_inf_nan=False, description="the client's clock, seconds since 1970")
    ] = None


class FeedbackBody(Taken):
    """Events, of which all are kept or none."""

    events: Annotated[list[Event], Field(min_length=1, max_length=MOST_EVENTS)]


class Given(BaseModel):
    """What is given; later versions may add fields."""


class Answer(Given):
    version: Annotated[int, Field(description="of the model that answered")]
    variant: Annotated[str, Field(description="its settings; popularity where no model was asked")]
    user: Annotated[str, Field(description="known to the data, new with attributes or a history, or unknown")]
    notes: Annotated[list[str], Field(description="what is to be said of it")]


class ItemReason(Given):
    """What a score loses without one feature."""

    feature: str
    value: Any
    contribution: float


class Reason(ItemReason):
    """The part of one feature in a score."""

    unit: str


class ListedItem(Given):
    item_id: str
    title: str
    score: Annotated[float | None, Field(description="logit, or a rating; null in a list by popularity")]
    probability: float | None
    rank: int
    n_takers: Annotated[int, Field(description="people who took it; in a list by popularity only")] = 0
    reasons: Annotated[list[ItemReason], Field(description="the strongest, where they were asked for")] = []


class RecommendAnswer(Answer):
    list_id: Annotated[str | None, Field(description="names the list in feedback; null where the log was full")]
    items: list[ListedItem]


class ScoreAnswer(Answer):
    scores: list[float]
    probabilities: list[float | None]


class ExplainAnswer(Answer):
    """As the command ``explain`` prints it."""

    score: float
    probability: float | None
    base_value: float
    completeness_gap: float | None
    standard_error: float | None
    fit: float | None
    background: int
    seed: int
    seconds: float
    exact: bool
    units: str
    compared_with: str
    logit: float | None
    contributions: list[Reason]


class FeedbackAnswer(Given):
    accepted: Annotated[int, Field(description="events that were new, durable now")]
    duplicates: Annotated[int, Field(description="events that the log had already")]


class VersionAnswer(Given):
    version: int
    model: str
    variant: str
    fingerprint: str
    since: str
    workspace: str
    task: str


class Problem(Given):
    """What went wrong, under its key and in words."""

    error: str
    message: str


class Ready(Given):
    ready: bool
    version: int | None = None
    problem: Annotated[
        Problem | None, Field(description="why a newer version is not served; only where no key is needed")
    ] = None


class Alive(Given):
    alive: bool


class Field422(Given):
    field: str
    problem: str


class Refusal(Given):
    """Every answer above 399."""

    error: Annotated[str, Field(description="a key that stays")]
    message: Annotated[str, Field(description="a sentence for a person")]
    fields: Annotated[list[Field422] | None, Field(description="of a body: what is wrong where")] = None
