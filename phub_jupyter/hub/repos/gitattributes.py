"""Which files of a repository are kept outside git: the rules in its ``.gitattributes``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.identifiers import RepoType

__all__ = ["ATTRIBUTES", "default_gitattributes", "wants_lfs", "with_rules"]

ATTRIBUTES = ".gitattributes"

_LFS = "filter=lfs diff=lfs merge=lfs -text"
_SPECIAL = re.compile(r"([*?\[\]\\#])")

_ARCHIVES = "*.7z *.bz2 *.gz *.lz4 *.rar *.tar *.tar.* *.tgz *.xz *.zip *.zst"
_WEIGHTS = (
    "*.bin *.ckpt *.ftz *.gguf *.h5 *.joblib *.mlmodel *.model *.msgpack *.onnx *.ot *.pb *.pickle "
    "*.pkl *.pt *.pth *.safetensors *.tflite *.wasm saved_model/**/* *tfevents*"
)
_TABLES = "*.arrow *.avro *.duckdb *.lance *.mds *.npy *.npz *.parquet *.sqlite"
_MEDIA = (
    "*.aac *.avi *.bmp *.flac *.gif *.jpeg *.jpg *.m4a *.mkv *.mov *.mp3 *.mp4 *.ogg *.pcm *.png "
    "*.sam *.tif *.tiff *.wav *.webm *.webp"
)


def default_gitattributes(repo_type: RepoType) -> str:
    """The file that a new repository starts with; people edit it like any other file.

    Datasets also keep pictures, sound and films as large files, because they hold many of them.
    """
    media = _MEDIA if repo_type is RepoType.DATASET else ""
    patterns = sorted(f"{_ARCHIVES} {_WEIGHTS} {_TABLES} {media}".split())
    return "".join(f"{pattern} {_LFS}\n" for pattern in patterns)


def wants_lfs(git: GitRepository, commit: str, path: str) -> bool:
    """Whether the ``.gitattributes`` files of that commit send a path to git-lfs.

    The rules themselves are never kept there, where git could not read them.
    """
    if posixpath.basename(path) == ATTRIBUTES:
        return False
    return git.attribute(commit, path, "filter") == "lfs"


def with_rules(text: bytes, paths: Iterable[str]) -> bytes:
    """Add rules that send just these files to git-lfs, so that git programs find their content."""
    lines = [f"/{_pattern(path)} {_LFS}\n" for path in paths]
    end = b"" if not text or text.endswith(b"\n") else b"\n"
    return text + end + "".join(lines).encode()


def _pattern(path: str) -> str:
    return _SPECIAL.sub(r"\\\1", path).replace(" ", "[[:space:]]")
