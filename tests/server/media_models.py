"""A small model for every task over pictures, sounds and tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.compute.tiny_models.detectors import make_detector, make_semantic_segmenter
from tests.compute.tiny_models.image_classifiers import make_image_classifier
from tests.compute.tiny_models.painters import make_painter
from tests.compute.tiny_models.picture_text import (
    make_chooser,
    make_clip,
    make_describer,
    make_page_pointer,
)
from tests.compute.tiny_models.speech import (
    make_codec,
    make_sound_classifier,
    make_speaker,
    make_writer,
)
from tests.compute.tiny_models.tables import make_table_model

__all__ = ["MODELS"]

MODELS: dict[str, Callable[[Path], Path]] = {
    "image-classification": make_image_classifier,
    "audio-classification": make_sound_classifier,
    "automatic-speech-recognition": make_writer,
    "text-to-image": make_painter,
    "text-to-speech": make_speaker,
    "audio-to-audio": make_codec,
    "document-question-answering": make_page_pointer,
    "image-to-text": make_describer,
    "visual-question-answering": make_chooser,
    "image-segmentation": make_semantic_segmenter,
    "object-detection": make_detector,
    "zero-shot-image-classification": make_clip,
    "tabular-classification": lambda folder: make_table_model(folder, "tabular-classification"),
    "tabular-regression": lambda folder: make_table_model(folder, "tabular-regression"),
}
