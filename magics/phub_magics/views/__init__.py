"""What models answered, as plain JSON that shows itself in a notebook: one view a kind of task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phub_magics.views.answer_table import AnswerTable
from phub_magics.views.cells import CellTable
from phub_magics.views.entities import EntityTable
from phub_magics.views.gaps import GapTable
from phub_magics.views.labels import LabelTable
from phub_magics.views.media import CodedSoundTable, MediaTable
from phub_magics.views.passages import PassageTable
from phub_magics.views.pictures import (
    DescriptionTable,
    DetectionTable,
    PictureTable,
    QuestionTable,
    SegmentTable,
    SoundTable,
    TranscriptTable,
)
from phub_magics.views.predictions import PredictionTable
from phub_magics.views.similarities import SimilarityTable
from phub_magics.views.vectors import VectorTable
from phub_magics.views.writings import WritingTable

__all__ = ["VIEWS", "view_of"]

VIEWS: dict[str, type[AnswerTable]] = {
    "text-classification": LabelTable,
    "zero-shot-classification": LabelTable,
    "token-classification": EntityTable,
    "fill-mask": GapTable,
    "question-answering": PassageTable,
    "table-question-answering": CellTable,
    "sentence-similarity": SimilarityTable,
    "feature-extraction": VectorTable,
    "summarization": WritingTable,
    "translation": WritingTable,
    "text-generation": WritingTable,
    "tabular-classification": PredictionTable,
    "tabular-regression": PredictionTable,
    "image-classification": PictureTable,
    "zero-shot-image-classification": PictureTable,
    "object-detection": DetectionTable,
    "image-segmentation": SegmentTable,
    "image-to-text": DescriptionTable,
    "visual-question-answering": QuestionTable,
    "document-question-answering": QuestionTable,
    "audio-classification": SoundTable,
    "automatic-speech-recognition": TranscriptTable,
    "audio-to-audio": CodedSoundTable,
    "text-to-image": MediaTable,
    "text-to-speech": MediaTable,
    "text-to-audio": MediaTable,
}


def view_of(
    task: str, texts: Sequence[str], answers: Sequence[Any], about: Mapping[str, Any]
) -> AnswerTable:
    """The answers to ``texts``; ``about`` is what was sent beside them."""
    return VIEWS[task](texts, answers, about)
