"""What an explanation by words can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "words.column": "{column} is no text that this model reads; it reads {known}.",
    "words.no_text": "{column} is empty here, so there are no words to look at.",
    "words.no_words": "{column} holds no word here: {value!r}.",
}
