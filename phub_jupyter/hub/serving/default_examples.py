"""What a widget offers to try when a card says nothing."""

from __future__ import annotations

from typing import Any

__all__ = ["DEFAULTS", "MASK"]

MASK = "[MASK]"
"""Stands where a word is missing, until it is known how the model's tokenizer writes it."""

_STORY = (
    "The old lighthouse was built in 1871 and stands on a rock two miles from the shore. Its lamp "
    "was lit by hand until 1962, when electricity came to the island. Since then nobody lives "
    "there, and the light is looked after from the harbour office in town."
)
_TABLE = {
    "City": ["Lisbon", "Oslo", "Vienna"],
    "Country": ["Portugal", "Norway", "Austria"],
    "Museums": ["34", "27", "61"],
}

DEFAULTS: dict[str, list[dict[str, Any]]] = {
    "text-classification": [{"text": "A quiet film that stays with you."}],
    "token-classification": [{"text": "Marta Lindqvist moved from Oslo to Vienna last spring."}],
    "fill-mask": [{"text": f"The ship left the {MASK} in the morning."}],
    "question-answering": [{"text": "When was the lighthouse built?", "context": _STORY}],
    "zero-shot-classification": [
        {
            "text": "The parcel arrived with a broken lid.",
            "candidate_labels": ["complaint", "praise", "question"],
        }
    ],
    "sentence-similarity": [
        {
            "source_sentence": "The train was late again.",
            "sentences": [
                "We waited at the station for an hour.",
                "The delay of the train annoyed us.",
                "This soup needs more salt.",
            ],
        }
    ],
    "feature-extraction": [{"text": "The train was late again."}],
    "summarization": [{"text": _STORY}],
    "translation": [{"text": "The harbour is quiet in winter."}],
    "text-generation": [
        {"text": "Once upon a time,"},
        {"messages": [{"role": "user", "content": "Name three uses of a paper clip."}]},
    ],
    "table-question-answering": [
        {"text": "How many museums are there in Vienna?", "table": _TABLE}
    ],
    "text-to-image": [{"text": "A lighthouse on a rock at dusk, oil painting"}],
    "text-to-speech": [{"text": "Good morning, the next train leaves in five minutes."}],
    "text-to-audio": [{"text": "Rain on a tin roof"}],
}
"""In the form of a card's ``widget``; pictures, sounds and tables are the person's own."""
