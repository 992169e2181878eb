"""A served hub with a small model for every task over texts, uploaded as anybody would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi

from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.sentences import make_sentence_model
from tests.compute.tiny_models.tapas import make_tapas
from tests.compute.tiny_models.translators import TASKS, make_nllb, make_t5
from tests.conftest import HubServer

__all__ = ["ENTITIES", "MODELS", "text_model_server"]

ENTITIES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
NLI = ("contradiction", "neutral", "entailment")
MODELS: Mapping[str, Callable[[Path], Path]] = {
    "token-classification": lambda folder: make_bert(folder, "ForTokenClassification", ENTITIES),
    "fill-mask": lambda folder: make_bert(folder, "ForMaskedLM"),
    "question-answering": lambda folder: make_bert(folder, "ForQuestionAnswering"),
    "zero-shot-classification": lambda f: make_bert(f, "ForSequenceClassification", NLI),
    "feature-extraction": lambda folder: make_bert(folder, "Model"),
    "sentence-similarity": lambda folder: make_sentence_model(folder, {}, normalize=True),
    "summarization": lambda folder: make_t5(folder, TASKS),
    "translation": make_nllb,
    "table-question-answering": make_tapas,
}


@contextmanager
def text_model_server(root: Path) -> Iterator[HubServer]:
    """A hub with ada's private model ``ada/TASK`` of each task of `MODELS`."""
    server = HubServer(root / "hub")
    try:
        server.add_user("ada")
        api = HfApi(endpoint=server.endpoint, token=server.token())
        for task, make in MODELS.items():
            folder = make(root / task)
            (folder / "README.md").write_text(f"---\npipeline_tag: {task}\n---\n", "utf-8")
            api.create_repo(f"ada/{task}", private=True)
            api.upload_folder(repo_id=f"ada/{task}", folder_path=folder)
        yield server
    finally:
        server.close()
