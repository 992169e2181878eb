"""Pictures and sounds that models make."""

from __future__ import annotations

import base64
from typing import Any

from phub_jupyter.frames import Media
from phub_magics.views.answer_table import AnswerTable
from phub_magics.views.previews import medium

__all__ = ["CodedSoundTable", "MediaTable"]


class MediaTable(AnswerTable):
    """One `Media` a text, with ``content_type`` and ``data``: the bytes of a file."""

    label = "Pictures and sounds"

    def cell(self, answer: Media) -> str:
        """The picture, or a player."""
        return medium(answer.content_type, answer.data)


class CodedSoundTable(AnswerTable):
    """One list of ``{"label", "content-type", "blob"}`` a sound, the last as base64."""

    label = "Sounds"
    files = "audio"
    headings = ("Sound", "Answer")

    def cell(self, answer: Any) -> str:
        """A player for each."""
        return "<br>".join(
            medium(str(each["content-type"]), base64.b64decode(each["blob"])) for each in answer
        )
