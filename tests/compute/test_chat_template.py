"""Chat templates of strangers: they render as in transformers, or stop at a limit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from phub_jupyter.compute.inference.generation.template import ChatTemplate
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.language import TEMPLATE

CHAT = [
    {"role": "user", "content": "Hi 🌊 \x07 مرحبا"},
    {"role": "assistant", "content": "{{ x }}"},
]
FULL = (
    "{{ bos_token }}{% set ns = namespace(seen=0) %}{% for m in messages %}"
    "{% generation %}{% set ns.seen = ns.seen + 1 %}{{ m | tojson }}{% endgeneration %}"
    "{% if loop.index > 4 %}{% break %}{% endif %}{% endfor %}{{ ns.seen }}"
    "{% if tools %}{{ tools | tojson(indent=2) }}{% endif %}\n  {% if true %}\n end\n {% endif %}"
)


@pytest.fixture
def make() -> Iterator[Any]:
    made: list[ChatTemplate] = []

    def template(source: str, **options: Any) -> ChatTemplate:
        made.append(ChatTemplate(source, {"bos_token": "<s>"}, **options))
        return made[-1]

    yield template
    for each in made:
        each.close()
    assert not [
        child for child in psutil.Process().children() if "template_program" in str(child.cmdline())
    ]


@pytest.mark.parametrize("source", [TEMPLATE, FULL])
def test_it_renders_as_transformers_does(make: Any, source: str, tmp_path: Path) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    render: Any = render_jinja_template
    expected = render(
        [CHAT], chat_template=source, add_generation_prompt=True, tools=tools, bos_token="<s>"
    )[0]
    assert make(source).render(CHAT, add_generation_prompt=True, tools=tools) == expected[0]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "did not",
        ),
        ("{{ 'x' * 9000000000 }}", "too much memory"),
        ("{% for a in range(99999) %}{{ 'x' * 10000 }}{% endfor %}", "more than 1,000,000"),
        ("{{ messages.__class__.__mro__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", "unsafe"),
        ("{{ messages.append(1) }}", "not safely callable|unsafe"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("{% for %}", "Expected|expected"),
    ],
)
def test_a_hostile_template_is_stopped_and_named(make: Any, source: str, message: str) -> None:
    template = make(source, seconds=1.0)
    started = time.monotonic()
    for _ in range(2):  # the second time it has to recover first
        with pytest.raises(InvalidRequestError, match=message):
            template.render(CHAT)
    assert time.monotonic() - started < 15
