"""What models say about pictures and sounds, which are shown beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from phub_magics.views.answer_table import CELL, AnswerTable, heading
from phub_magics.views.labels import LabelTable, scored
from phub_magics.views.previews import Thumbnail, thumbnail
from phub_magics.views.writings import WritingTable

__all__ = [
    "DescriptionTable",
    "DetectionTable",
    "PictureTable",
    "QuestionTable",
    "SegmentTable",
    "SoundTable",
    "TranscriptTable",
]

_COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")
_LAYER = "position:absolute;inset:0;width:100%;height:100%;"


class PictureTable(LabelTable):
    """One list of ``{"label", "score"}`` a picture, best first."""

    files = "image"
    headings = ("Picture", "Label", "Score")


class SoundTable(LabelTable):
    """One list of ``{"label", "score"}`` a sound, best first."""

    files = "audio"
    headings = ("Sound", "Label", "Score")


class DescriptionTable(WritingTable):
    """One ``{"generated_text"}`` a picture."""

    files = "image"
    headings = ("Picture", "Description")


class TranscriptTable(WritingTable):
    """One ``{"text"}`` a sound."""

    files = "audio"
    headings = ("Sound", "Text")


class QuestionTable(AnswerTable):
    """One list of ``{"answer", "score"}`` a question about a picture, best first."""

    label = "Answers about the picture"
    headings = ("Question", "Answer", "Score")

    def rows(self, text: str, answer: Any) -> str:
        """A row for each answer."""
        return scored(escape(text), [(escape(str(e["answer"])), e["score"]) for e in answer])


class DetectionTable(PictureTable):
    """One list of ``{"label", "score", "box"}`` a picture, framed in it."""

    headings = ("Picture", "Found", "Score")

    def rows(self, text: str, answer: Any) -> str:
        """A row for each thing that was found."""
        lines = [
            (f"{_mark(place)} {escape(str(found['label']))}", found["score"])
            for place, found in enumerate(answer)
        ]
        first = _layered(text, lambda picture: _frames(picture, [each["box"] for each in answer]))
        return scored(first, lines) if lines else AnswerTable.rows(self, text, "nothing")


class SegmentTable(AnswerTable):
    """One list of ``{"label", "mask", "score"?}`` a picture, coloured in it."""

    label = "Parts of pictures"
    files = "image"
    headings = ("Picture", "Parts")

    def rows(self, text: str, answer: Any) -> str:
        """The parts under each other, beside the picture with their areas."""
        areas = "".join(_area(place, part["mask"]) for place, part in enumerate(answer))
        first = _layered(text, lambda picture: areas)
        return f'<tr>{heading(first)}<td style="{CELL}">{self.cell(answer)}</td></tr>'

    def cell(self, answer: Any) -> str:
        """What the parts are, with their colours."""
        return "<br>".join(
            f"{_mark(place)} {escape(str(part['label']))}" for place, part in enumerate(answer)
        )


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]


def _mark(place: int) -> str:
    return f'<span style="color:{_colour(place)}">■</span>'


def _area(place: int, mask: str) -> str:
    return (
        f'<span style="{_LAYER}opacity:.55;background:{_colour(place)};mask-mode:luminance;'
        f'mask-size:100% 100%;mask-image:url(data:image/png;base64,{escape(mask)})"></span>'
    )


def _layered(path: str, layers: Callable[[Thumbnail], str]) -> str:
    """A picture with something over it; its name alone if it cannot be shown."""
    picture = thumbnail(path)
    if picture is None:
        return escape(path)
    box = "position:relative;display:inline-block"
    return f'<span style="{box}">{picture.html}{layers(picture)}</span><br>{escape(path)}'


def _frames(picture: Thumbnail, boxes: Sequence[Mapping[str, float]]) -> str:
    frames = "".join(
        f'<rect x="{int(box["xmin"])}" y="{int(box["ymin"])}" '
        f'width="{max(0, int(box["xmax"] - box["xmin"]))}" '
        f'height="{max(0, int(box["ymax"] - box["ymin"]))}" fill="none" '
        f'stroke="{_colour(place)}" stroke-width="2" vector-effect="non-scaling-stroke"/>'
        for place, box in enumerate(boxes)
    )
    return f'<svg viewBox="0 0 {picture.width} {picture.height}" style="{_LAYER}">{frames}</svg>'
