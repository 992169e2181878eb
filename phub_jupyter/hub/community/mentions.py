"""Who is named in a text by ``@name``."""

from __future__ import annotations

import re

__all__ = ["mentioned"]

_MOST = 50  # names in one comment that anybody is told about
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_NAME = re.compile(r"(?<![\w@/.])@([A-Za-z0-9][A-Za-z0-9_.-]{0,95})", re.ASCII)


def mentioned(text: str) -> list[str]:
    """The names in lower case, in order; what stands in code is no mention."""
    names = (name.rstrip(".-_").lower() for name in _NAME.findall(_CODE.sub(" ", text)))
    return list(dict.fromkeys(names))[:_MOST]
