"""How a trained model is called, for its card: by task, with the public libraries."""

from __future__ import annotations

__all__ = ["library_of", "use_of"]

_PIPELINE = """```python
from transformers import pipeline

model = pipeline("{task}", model="{repo}")
model({call})
```"""

_CLIENT = """```python
import os

from huggingface_hub import InferenceClient

client = InferenceClient(model=f"{{os.environ['HF_ENDPOINT']}}/models/{repo}")
client.{call}
```"""

_TABLE = """
    {"a column": ["…"], "another": ["…"]}  # those of the dataset, without the label
)"""
_CALLS = {"image-classification": '"picture.png"'}
_WRITTEN = ("summarization", "translation")
_LIBRARIES = {
    "sentence-similarity": "sentence-transformers",
    "tabular-classification": "sklearn",
    "tabular-regression": "sklearn",
}


def library_of(task: str) -> str:
    """The library that the published files are for, as cards name it."""
    return _LIBRARIES.get(task, "transformers")


def use_of(task: str, repo_id: str) -> str:
    """A few lines that call the model."""
    if task == "sentence-similarity":
        call = 'sentence_similarity("A quiet film.", ["A calm movie.", "A loud engine."])'
        return _CLIENT.format(repo=repo_id, call=call)
    if task == "question-answering":
        call = 'question_answering(question="Who came?", context="Ada came by train.")'
        return _CLIENT.format(repo=repo_id, call=call)
    if task in _WRITTEN:  # for which the public library has no pipelines any more
        return _CLIENT.format(repo=repo_id, call=f'{task}("…")')
    if library_of(task) == "sklearn":
        call = f"{task.replace('-', '_')}({_TABLE}"
        return _CLIENT.format(repo=repo_id, call=call)
    return _PIPELINE.format(task=task, repo=repo_id, call=_CALLS.get(task, '"…"'))
