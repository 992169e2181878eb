"""The code that ran in a notebook before a training, without what looks like a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["executed_cells", "masked"]

_MOST_BYTES = 200_000
_MASK = "…"
_WORD = (
    r"(?:token(?!i[sz]|s[\"']?\s*,)|secret|passw(?:or)?d|passphrase|pwd|credential|authorization"
    r"|bearer|(?:api|private|access|account)[_-]?key)"
)
_SHORTEST_SECRET = 6  # of a variable of the environment: "1" or "true" is in every cell
_FOLDERS = frozenset({"PWD", "OLDPWD"})  # named so, but no passwords
_QUOTED = r"(\"\"\"|'''|\"|')(?:\\.|(?!\2)[^\\])+\2"
_PATTERNS = (
    # -----BEGIN … PRIVATE KEY-----
    (r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END[A-Z -]*|\Z)", rf"\1{_MASK}"),
    # hf_…, ghp_…, sk-…, AKIA…, and web tokens of three parts
    (r"\b(hf_|gh[opsu]_|github_pat_|glpat-|sk-|xox[abp]-)[\w-]{6,}", rf"\1{_MASK}"),
    (r"\b(AKIA)[0-9A-Z]{12,}", rf"\1{_MASK}"),
    (r"\b(eyJ)[\w-]+\.[\w-]+\.[\w-]*", rf"\1{_MASK}"),
    # https://name:password@host
    (r"(\w://)[^\s/:@\"']*:[^\s/@\"']+@", rf"\1{_MASK}@"),
    # token="…", "password": '…', os.environ["API_KEY"] = "…", login_token("…")
    (rf"(?is)({_WORD}\w*[\"'\])]*\s*[:=,(]+\s*[rbfu]*){_QUOTED}", rf"\1\2{_MASK}\2"),
    (r"(?i)(key[\"'\])]*\s*[:=,(]+\s*[rbfu]*)([\"'])[\w+/=-]{16,}\2", rf"\1\2{_MASK}\2"),
    # %env HF_TOKEN=…, !export PASSWORD=…, --password …, Authorization: Bearer …
    (rf"(?im)^(\s*(?:%set_env|%env|[!%]*\s*export)\s+\w*{_WORD}\w*[\s=]+)\S.*$", rf"\1{_MASK}"),
    (rf"(?i)(--[\w-]*{_WORD}[\s=]+)[^\s\"']+", rf"\1{_MASK}"),
    (r"(?i)\b((?:bearer|basic)\s+)[\w+/.=~-]{8,}", rf"\1{_MASK}"),
    # token = 0f3c…, as in a file of settings: long, with a digit, and no call or name
    (
        rf"(?i)({_WORD}\w*\s*[:=]\s*)(?=[\w+/=-]*\d)[\w+/=-]{{12,}}(?![\w+/=.(\[-])",
        rf"\1{_MASK}",
    ),
)


def executed_cells(shell: Any) -> dict[str, Any]:
    """The sources of the cells of this session, oldest first, up to the one that runs.

    At most 200 kB: ``left_out`` counts the oldest ones, for which there was no room.
    """
    history = getattr(shell.history_manager, "input_hist_raw", [])
    sources = [masked(source) for source in history if source.strip()]
    kept: list[str] = []
    room = _MOST_BYTES
    for source in reversed(sources):
        room -= len(source.encode())
        if room < 0:
            break
        kept.insert(0, source)
    return {"sources": kept, "left_out": len(sources) - len(kept)}


def masked(source: str, environment: Mapping[str, str] = os.environ) -> str:
    """The source without what looks like a secret, and without the secrets of this process."""
    for name, value in environment.items():
        if name in _FOLDERS or len(value) < _SHORTEST_SECRET:
            continue
        if re.search(_WORD, name, re.IGNORECASE):
            source = source.replace(value, _MASK)
    for pattern, replacement in _PATTERNS:
        source = re.sub(pattern, replacement, source)
    return source
