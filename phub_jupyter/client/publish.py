"""Publishes a notebook as a Space: strip its outputs, write its card, commit both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import requests
import yaml

from phub_jupyter.client.answers import json_answer
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.identifiers import RepoId

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Publication", "publish_notebook", "start_space"]

APP_FILE = "app.ipynb"
_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{20,}\b")
_QUOTED_ID = re.compile(r"""["']([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)["']""")
_PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Card:
    """The metadata and the text of a README."""

    data: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published: the repository's page, the app's address on the hub, the commit."""

    space: str
    url: str
    app_url: str
    commit: str
    models: tuple[str, ...]


def publish_notebook(
    path: Path,
    space: str,
    *,
    endpoint: str,
    token: str,
    models: Sequence[str] = (),
    title: str | None = None,
    private: bool = False,
    include: Iterable[str] = (),
) -> Publication:
    """Commit a notebook to a Space, which is created if it does not exist.

    ``models`` are repositories that the app may read with its own token; those whose ids stand in
    quotation marks in the notebook and exist on the hub are added. ``include`` are patterns of
    further files beside the notebook. Raises InvalidRequestError naming what to change, and
    huggingface_hub's errors for refusals of the hub.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    repo_id = RepoId.parse(space)
    notebook = read_notebook(path)
    api = HfApi(endpoint=endpoint, token=token)
    used = _models(api, notebook, models)
    card = _card(_present_card(api, repo_id), title, repo_id, used)
    # Ours last: a pattern such as * must not bring the notebook's outputs back.
    files = {**_beside(path, include), "README.md": card, APP_FILE: _without_outputs(notebook)}
    _refuse_secrets(files)
    _create(endpoint, token, repo_id, private)
    if private:  # also a Space that was there before, and public
        api.update_repo_settings(str(repo_id), repo_type="space", private=True)
    done = api.create_commit(
        str(repo_id),
        [CommitOperationAdd(name, content) for name, content in files.items()],
        repo_type="space",
        commit_message=f"Publish {path.name}",
    )
    url = f"{endpoint}/spaces/{repo_id}"
    return Publication(str(repo_id), url, f"{url}/app", done.oid, tuple(used))


def start_space(space: str, *, endpoint: str, token: str) -> dict[str, Any]:
    """Start the app and wait for it: ``{"stage", "url", "message"}``."""
    answer = requests.post(
        f"{endpoint}/api/phub/spaces/{space}/start",
        headers={"Authorization": f"Bearer {token}"},
        timeout=_PATIENCE,
    )
    state: dict[str, Any] = json_answer(answer)
    return state


def read_notebook(path: Path) -> Any:
    """The notebook in a file. Raises InvalidRequestError naming the path."""
    import nbformat

    if not path.is_file():
        raise InvalidRequestError(f"path: there is no notebook {path}; save it first.")
    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, ValueError) as error:
        raise InvalidRequestError(f"path: {path} is not a notebook ({error}).") from None


def _without_outputs(notebook: Any) -> bytes:
    import nbformat

    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return text.encode()


def _models(api: HfApi, notebook: Any, named: Sequence[str]) -> list[str]:
    for name in named:
        if not api.repo_exists(str(RepoId.parse(name))):
            raise InvalidRequestError(f"model: there is no model {name} on the hub.")
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    mentioned = (name for name in _QUOTED_ID.findall(source) if "--" not in name)
    found = [name for name in dict.fromkeys(mentioned) if _is_model(api, name)]
    return list(dict.fromkeys([*named, *found]))


def _is_model(api: HfApi, name: str) -> bool:
    try:
        RepoId.parse(name)
    except InvalidRequestError:
        return False
    return bool(api.repo_exists(name))


def _present_card(api: HfApi, repo_id: RepoId) -> Card | None:
    from huggingface_hub import SpaceCard
    from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError

    try:
        with TemporaryDirectory() as folder:
            readme = api.hf_hub_download(
                str(repo_id), "README.md", repo_type="space", local_dir=folder
            )
            found: Any = SpaceCard.load(readme, ignore_metadata_errors=True)
    except (EntryNotFoundError, RepositoryNotFoundError):
        return None
    return Card(found.data.to_dict(), found.text)


def _card(present: Card | None, title: str | None, repo_id: RepoId, models: Sequence[str]) -> bytes:
    """The card of a new Space, or the present one with what has to change."""
    data: dict[str, Any] = {} if present is None else dict(present.data)
    data["title"] = title or data.get("title") or _title_of(repo_id)
    data.update(sdk="voila", app_file=APP_FILE)
    data.pop("models", None)
    if models:
        data["models"] = list(models)
    front = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    text = present.text.strip() if present is not None else _first_text(data["title"])
    return f"---\n{front}---\n\n{text}\n".encode()


def _first_text(title: str) -> str:
    return f"# {title}\n\nAn app made from the notebook `{APP_FILE}`."


def _title_of(repo_id: RepoId) -> str:
    return re.sub(r"[-_.]+", " ", repo_id.name).strip().capitalize()


def _beside(path: Path, patterns: Iterable[str]) -> dict[str, bytes]:
    folder = path.resolve().parent
    files: dict[str, bytes] = {}
    for pattern in patterns:
        found = [item for item in _matches(folder, pattern) if item.resolve() != path.resolve()]
        if not found:
            raise InvalidRequestError(f"include: no file beside the notebook matches {pattern}.")
        for item in found:
            if not item.resolve().is_relative_to(folder):
                raise InvalidRequestError(f"include: {item} lies outside the notebook's folder.")
            files[item.resolve().relative_to(folder).as_posix()] = item.read_bytes()
    return files


def _matches(folder: Path, pattern: str) -> list[Path]:
    try:
        return [item for item in sorted(folder.glob(pattern)) if item.is_file()]
    except (ValueError, NotImplementedError):
        raise InvalidRequestError(
            f"include: '{pattern}' is not a pattern of files beside the notebook, such as *.png."
        ) from None


def _refuse_secrets(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        if _TOKEN.search(content.decode("utf-8", "replace")):
            raise InvalidRequestError(
                f"{name}: it holds something that looks like a token; remove it. The app gets a "
                'token of its own in os.environ["HF_TOKEN"].'
            )


def _create(endpoint: str, token: str, repo_id: RepoId, private: bool) -> None:
    # huggingface_hub refuses an sdk that the public hub does not have, so this call is our own.
    answer = requests.post(
        f"{endpoint}/api/repos/create",
        json={
            "type": "space",
            "name": repo_id.name,
            "organization": repo_id.namespace,
            "sdk": "voila",
            "visibility": "private" if private else "public",
        },
        headers={"Authorization": f"Bearer {token}"},
        timeout=_PATIENCE,
    )
    if answer.status_code != requests.codes.conflict:
        json_answer(answer)
