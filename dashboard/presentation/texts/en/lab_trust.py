"""The trust card of the Explain page, and what an explanation is compared with."""

TEXTS = {
    "background.segment": "Average of “{segment}”",
    "background.item": "{item}, same user",
    "lab.trust": "Can this explanation be trusted?",
    "lab.trust.compared": "Compared with",
}
