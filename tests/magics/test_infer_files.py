"""``%phub infer`` for pictures, sounds and tables: files go in, and what is said is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from IPython.core.error import UsageError

from phub_jupyter.frames import Media
from phub_magics.views import view_of
from tests.compute.tiny_models.pictures import drawing, file_of
from tests.compute.tiny_models.sounds import chirp, sound_file
from tests.conftest import HubServer
from tests.magics.shells import hub_shell
from tests.server.media_models import MODELS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    running = HubServer(tmp_path_factory.mktemp("hub"))
    running.add_user("ada")
    yield running
    running.close()


@pytest.fixture(scope="module")
def uploaded(server: HubServer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], None]:
    api = HfApi(endpoint=server.endpoint, token=server.token())
    root, done = tmp_path_factory.mktemp("models"), set[str]()

    def upload(task: str) -> None:
        if task not in done:
            folder = MODELS[task](root / task)
            (folder / "README.md").write_text(f"---\npipeline_tag: {task}\n---\n", "utf-8")
            api.create_repo(f"ada/{task}", private=True)
            api.upload_folder(repo_id=f"ada/{task}", folder_path=folder)
            done.add(task)

    return upload


@pytest.fixture
def infer(
    server: HubServer,
    uploaded: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Callable[[str], Any]]:
    (tmp_path / "street.png").write_bytes(file_of(drawing(120, 80)))
    (tmp_path / "yard.png").write_bytes(file_of(drawing(120, 80, 5)))
    (tmp_path / "bird.wav").write_bytes(sound_file(chirp()))
    (tmp_path / "people.csv").write_text("age,town\n69,Bonn\n21,Trier\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with hub_shell(server, monkeypatch, tmp_path) as shell:

        def ask(line: str) -> Any:
            uploaded(line.split()[0])
            return shell.run_line_magic("phub", f"infer ada/{line}")

        yield ask


LINES = {
    "image-classification": ("street.png yard.png", 2, r"data:image/jpeg.*<br>street\.png"),
    "object-detection": ("street.png", 1, r"<svg viewBox=\"0 0 120 80\".*<rect .*■</span> \w"),
    "image-segmentation": ("street.png", 1, r"mask-image:url\(data:image/png;base64,\w"),
    "image-to-text": ("street.png", 1, r"pre-wrap"),
    "zero-shot-image-classification": ("street.png --labels cat,dog", 1, r">dog</td>"),
    "visual-question-answering": ('"what is it?" --image street.png', 1, r"what is it\?"),
    "audio-classification": ("bird.wav", 1, r"<audio controls src=\"data:audio/"),
    "automatic-speech-recognition": ("bird.wav", 1, r"bird\.wav"),
    "audio-to-audio": ("bird.wav", 1, r"data:audio/.*data:audio/"),
    "text-to-image": ('"a red house"', 1, r"<img src=\"data:image/png"),
    "text-to-speech": ('"good day"', 1, r"<audio controls src=\"data:audio/"),
    "tabular-classification": ("--table people.csv", 2, r"<b>yes</b>.*69.*Bonn.*<b>no</b>"),
    "tabular-regression": ("--table people.csv", 2, r"<b>\d+"),
}


@pytest.mark.parametrize("task", sorted(LINES))
def test_files_and_rows_get_answers_that_show_themselves(
    infer: Callable[[str], Any], task: str
) -> None:
    line, count, shown = LINES[task]
    result = infer(f"{task} {line}")
    assert len(result) == count
    html = result._repr_html_()
    assert re.search(shown, html, re.S), html[:2000]
    for tag in ("td", "th", "span"):
        assert len(re.findall(f"<{tag}[ >]", html)) == html.count(f"</{tag}>")


def test_what_a_model_makes_can_be_kept(infer: Callable[[str], Any]) -> None:
    (picture,) = infer('text-to-image "a red house"')
    assert isinstance(picture, Media)
    assert picture.data.startswith(b"\x89PNG")


def test_local_and_the_hub_agree(infer: Callable[[str], Any]) -> None:
    line = "tabular-regression --table people.csv"
    assert infer(f"{line} --local") == pytest.approx(infer(line))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("image-classification none.png", "TEXT: none.png cannot be read"),
        ("image-classification people.csv", "inputs: .* picture"),
        ("image-classification", "TEXT: missing; write the path of a picture"),
        ("audio-classification", "TEXT: missing; write the path of a sound"),
        ("visual-question-answering who", "--image: missing; write --image"),
        ("image-classification street.png --image yard.png", "--image: it is for models for"),
        ("tabular-classification", "--table: missing"),
        ("tabular-classification x --table people.csv", "TEXT: .* the rows of --table alone"),
        ("zero-shot-image-classification street.png", "--labels: missing"),
    ],
)
def test_a_mistake_is_one_sentence(infer: Callable[[str], Any], line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as mistake:
        infer(line)
    assert "\n" not in str(mistake.value)


def test_what_is_no_picture_or_sound_is_only_told() -> None:
    evil = Media('text/html"><script>', b"<script>alert(1)</script>")
    html = view_of("text-to-image", ["a"], [evil], {})._repr_html_()
    assert "<script" not in html
    assert "bytes of" in html
