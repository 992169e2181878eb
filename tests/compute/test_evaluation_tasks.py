"""Each task evaluated: a dataset that holds what the model says scores perfectly, others do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from datasets import Audio, ClassLabel, Dataset, Features, Image, List, Value

from phub_jupyter.compute.evaluation.report import Report
from phub_jupyter.compute.inference.local import infer
from tests.compute.evaluation_data import evaluate_here, sentences, write_dataset, write_parquet
from tests.compute.tiny_classifier import LABELS, make_classifier
from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.image_classifiers import make_image_classifier
from tests.compute.tiny_models.pictures import base64_of
from tests.compute.tiny_models.sentences import make_sentence_model
from tests.compute.tiny_models.sounds import chirp, sound_file
from tests.compute.tiny_models.speech import make_letter_hearer, make_sound_classifier
from tests.compute.tiny_models.tables import make_table_model
from tests.compute.tiny_models.translators import make_marian, make_t5

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")


def _values(report: Report) -> dict[str, float]:
    return {name: score.value for name, score in report.models[0].scores.items()}


def _best(answer: list[dict[str, Any]]) -> str:
    return str(answer[0]["label"])


def test_classes_of_texts(tmp_path: Path) -> None:
    model = make_classifier(tmp_path / "model")
    texts = sentences(40)
    said = [
        LABELS.index(_best(infer(model, "text-classification", {"inputs": t})[0])) for t in texts
    ]
    wrong = [(label + 1) % 3 if place < 10 else label for place, label in enumerate(said)]
    features = Features({"text": Value("string"), "label": ClassLabel(names=list(LABELS))})
    data = write_dataset(tmp_path / "data", {"text": texts, "label": wrong}, features)
    report = evaluate_here("text-classification", [model], data, tmp_path / "run")
    assert _values(report)["accuracy"] == pytest.approx(0.75)
    found = report.models[0]
    assert sum(map(sum, found.confusion)) == 40
    assert sum(found.confusion[k][k] for k in range(3)) == 30
    assert sum(part.rows for part in found.calibration) == 40
    assert sum(part.rows for part in found.slices) == 40
    certainty = [mistake.certainty or 0 for mistake in found.worst]
    assert certainty == sorted(certainty, reverse=True)
    assert {mistake.row for mistake in found.worst} == set(range(10))
    assert Report.from_json(report.as_json()) == report


def test_sets_of_labels(tmp_path: Path) -> None:
    model = make_bert(tmp_path / "model", "ForSequenceClassification", ("dull", "long", "loud"))
    texts = sentences(30)
    body = {"inputs": texts, "parameters": {"function_to_apply": "sigmoid"}}
    answers = infer(model, "text-classification", body)
    said = [[entry["label"] for entry in row if entry["score"] >= 0.5] for row in answers]
    features = Features({"text": Value("string"), "labels": List(Value("string"))})
    data = write_dataset(tmp_path / "data", {"text": texts, "labels": said}, features)
    given = {name: name for row in said for name in row}
    report = evaluate_here("text-classification", [model], data, tmp_path / "run", labels=given)
    assert report.problem == "multi_label"
    assert _values(report)["subset_accuracy"] == 1.0
    assert report.models[0].worst == []


def test_numbers_for_texts(tmp_path: Path) -> None:
    model = make_bert(tmp_path / "model", "ForSequenceClassification", ("score",))
    texts = sentences(30)
    body = {"inputs": texts, "parameters": {"function_to_apply": "none"}}
    said = [row[0]["score"] for row in infer(model, "text-classification", body)]
    data = write_dataset(tmp_path / "data", {"text": texts, "score": [n + 1 for n in said]})
    values = _values(evaluate_here("text-classification", [model], data, tmp_path / "run"))
    assert values["mae"] == pytest.approx(1.0, abs=1e-4)
    assert values["pearson"] == pytest.approx(1.0, abs=1e-4)


def test_tags_of_words(tmp_path: Path) -> None:
    tags = ("O", "B-PER", "I-PER", "B-LOC")
    model = make_bert(tmp_path / "model", "ForTokenClassification", tags)
    words = [text.split() for text in sentences(20)]  # each is one token of the model
    parameters = {"aggregation_strategy": "none", "ignore_labels": []}
    said = []
    for row in words:
        body = {"inputs": " ".join(row), "parameters": parameters}
        found = infer(model, "token-classification", body)
        starts = [len(" ".join(row[:place])) + bool(place) for place in range(len(row))]
        said.append([next(e["entity"] for e in found if e["start"] == start) for start in starts])
    assert len({tag for row in said for tag in row}) > 1
    features = Features(
        {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=list(tags)))}
    )
    numbers = [[tags.index(tag) for tag in row] for row in said]
    data = write_dataset(tmp_path / "data", {"tokens": words, "ner_tags": numbers}, features)
    values = _values(evaluate_here("token-classification", [model], data, tmp_path / "run"))
    assert values["accuracy"] == 1.0
    assert values["f1"] == 1.0


def test_answers_to_questions(tmp_path: Path) -> None:
    model = make_bert(tmp_path / "model", "ForQuestionAnswering")
    contexts = sentences(12)
    said = [
        infer(model, "question-answering", {"inputs": {"question": "who is it", "context": text}})
        for text in contexts
    ]
    answers = [{"text": [row["answer"]], "answer_start": [row["start"]]} for row in said]
    columns = {"question": ["who is it"] * 12, "context": contexts, "answers": answers}
    data = write_dataset(tmp_path / "data", columns)
    values = _values(evaluate_here("question-answering", [model], data, tmp_path / "run"))
    assert values == {"f1": 1.0, "exact_match": 1.0}


@pytest.mark.parametrize("task", ["summarization", "translation"])
def test_texts_that_are_written(task: str, tmp_path: Path) -> None:
    make = make_t5 if task == "summarization" else make_marian
    model, texts = make(tmp_path / "model"), sentences(6)
    key = "summary_text" if task == "summarization" else "translation_text"
    said = [row[key] for row in infer(model, task, {"inputs": texts})]
    said = [text or "." for text in said]
    data = write_dataset(tmp_path / "data", {"source": texts, "target": said})
    report = evaluate_here(task, [model], data, tmp_path / "run")
    values = _values(report)
    if task == "summarization":
        assert set(values) == {"rougeL", "rouge1", "rouge2"}
    else:
        assert set(values) == {"bleu", "chrf", "ter"}
        assert values["ter"] == pytest.approx(0.0)


def test_translations_by_language(tmp_path: Path) -> None:
    model, texts = make_marian(tmp_path / "model"), sentences(4)
    pairs = [{"en": text, "de": text} for text in texts]
    data = write_dataset(tmp_path / "data", {"translation": pairs})
    report = evaluate_here("translation", [model], data, tmp_path / "run", columns={"source": "de"})
    assert report.columns == {"translation": "translation", "source": "de", "target": "en"}


def test_how_close_sentences_are(tmp_path: Path) -> None:
    model = make_sentence_model(tmp_path / "model", {"pooling_mode_mean_tokens": True})
    first, second = sentences(20), sentences(40)[20:]
    said = []
    for one, other in zip(first, second, strict=True):
        body = {"inputs": {"source_sentence": one, "sentences": [other]}}
        said.append(5 * infer(model, "sentence-similarity", body)[0])
    columns = {"sentence1": first, "sentence2": second, "score": said}
    data = write_dataset(tmp_path / "data", columns)
    values = _values(evaluate_here("sentence-similarity", [model], data, tmp_path / "run"))
    assert values["pearson"] == pytest.approx(1.0, abs=1e-3)


def test_classes_of_pictures(tmp_path: Path) -> None:
    model = make_image_classifier(tmp_path / "model")
    pictures = _pictures(8)
    said = [_best(infer(model, "image-classification", {"inputs": base64_of(p)})) for p in pictures]
    features = Features({"image": Image(), "label": Value("string")})
    columns = {"image": [{"bytes": data, "path": None} for data in pictures], "label": said}
    data = write_dataset(tmp_path / "data", columns, features)
    report = evaluate_here("image-classification", [model], data, tmp_path / "run")
    assert _values(report)["accuracy"] == 1.0
    assert report.models[0].slices == []


def test_rows_without_their_picture_are_left_out(tmp_path: Path) -> None:
    model = make_image_classifier(tmp_path / "model")
    one, other = _pictures(2)
    said = [
        _best(infer(model, "image-classification", {"inputs": base64_of(p)})) for p in (one, other)
    ]
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "other.png").write_bytes(other)
    files = [
        {"bytes": one, "path": None},
        None,
        {"bytes": b"", "path": None},
        {"bytes": None, "path": "gone.png"},
        {"bytes": None, "path": "../model/config.json"},
        {"bytes": None, "path": "other.png"},
    ]
    labels = [said[0], *[said[0]] * 4, said[1]]
    features = Features({"image": Image(), "label": Value("string")})
    part = Dataset.from_dict({"image": files, "label": labels}, features=features)
    (folder / "data").mkdir()  # datasets itself would look for the files that are not there
    parquet.write_table(part.data.table, folder / "data" / "test.parquet")
    report = evaluate_here("image-classification", [model], folder, tmp_path / "run")
    assert _values(report)["accuracy"] == 1.0
    assert (report.rows, report.left_out) == (2, 4)


def test_classes_of_sounds(tmp_path: Path) -> None:
    model = make_sound_classifier(tmp_path / "model")
    sounds = [sound_file(chirp(0.2, seed=seed)) for seed in range(4)]
    said = [_best(infer(model, "audio-classification", {"inputs": base64_of(s)})) for s in sounds]
    values = _values(
        evaluate_here(
            "audio-classification",
            [model],
            _sounds(tmp_path / "data", sounds, "label", said),
            tmp_path / "run",
            metrics=("accuracy",),
        )
    )
    assert values == {"accuracy": 1.0}


def test_speech(tmp_path: Path) -> None:
    model = make_letter_hearer(tmp_path / "model")
    sounds = [sound_file(chirp(0.4, seed=seed)) for seed in range(3)]
    task = "automatic-speech-recognition"
    said = [infer(model, task, {"inputs": base64_of(sound)})["text"] for sound in sounds]
    data = _sounds(tmp_path / "data", sounds, "text", [f"{text} more" for text in said])
    values = _values(evaluate_here(task, [model], data, tmp_path / "run"))
    words = sum(len(text.split()) + 1 for text in said)
    assert values["wer"] == pytest.approx(3 / words)


@pytest.mark.parametrize("task", ["tabular-classification", "tabular-regression"])
def test_tables(task: str, tmp_path: Path) -> None:
    model = make_table_model(tmp_path / "model", task)
    table = {"age": [20.0, 35.5, 50.0, 65.0], "town": ["Bonn", "Köln", "Trier", "Bonn"]}
    said = infer(model, task, {"inputs": {"data": table}})
    data = write_dataset(tmp_path / "data", {**table, "result": said})
    values = _values(evaluate_here(task, [model], data, tmp_path / "run"))
    assert values["accuracy" if task == "tabular-classification" else "r2"] == pytest.approx(1.0)


def _pictures(count: int) -> list[bytes]:
    import io

    import numpy as np
    from PIL import Image as Picture

    found = []
    for seed in range(count):
        pixels = np.random.default_rng(seed).integers(0, 255, (16, 16, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Picture.fromarray(pixels).save(buffer, "PNG")
        found.append(buffer.getvalue())
    return found


def _sounds(folder: Path, sounds: list[bytes], column: str, values: list[str]) -> Path:
    files = [{"bytes": data, "path": None} for data in sounds]
    features = Features(
        {"audio": {"bytes": Value("binary"), "path": Value("string")}, column: Value("string")}
    )
    part = Dataset.from_dict({"audio": files, column: values}, features=features)
    return write_parquet(folder, part.cast_column("audio", Audio(decode=False)))
