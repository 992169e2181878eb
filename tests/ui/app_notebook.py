"""The notebook that the tests publish: a text box, a button, and the model's answer."""

from __future__ import annotations

from pathlib import Path

import nbformat

__all__ = ["TITLE", "write_app_notebook"]

TITLE = "How is the film?"
_CODE = """\
import os

import ipywidgets as widgets
import requests
from IPython.display import display

MODEL = "{model}"
text = widgets.Text(value="the film was very good", description="Sentence")
button = widgets.Button(description="Ask the model")
answer = widgets.Label()


def ask(_):
    reply = requests.post(
        f"{{os.environ['HF_ENDPOINT']}}/models/{{MODEL}}",
        headers={{"Authorization": f"Bearer {{os.environ['HF_TOKEN']}}"}},
        json={{"inputs": text.value}},
        timeout=120,
    )
    answer.value = f"It is {{reply.json()[0][0]['label']}}" if reply.ok else reply.text


button.on_click(ask)
display(text, button, answer)
"""


def write_app_notebook(path: Path, model: str) -> None:
    """Write the notebook; it names the kernel, so that opening it asks nothing."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# {TITLE}"),
            nbformat.v4.new_code_cell(_CODE.format(model=model)),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(notebook, path)
