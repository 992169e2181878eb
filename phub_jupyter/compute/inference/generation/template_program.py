"""The program that renders chat templates: strangers wrote them, and they may never end.

It reads lines of JSON, ``{"template", "variables", "limit"}``, and answers each with a line,
``{"text"}`` or ``{"error"}``. Its own memory is limited; its time is its parent's affair. The
environment has the names and the behaviour that transformers gives chat templates.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["main", "render"]

_MEMORY = 512 * 1024 * 1024


class _Generation(jinja2.ext.Extension):
    """Lets ``{% generation %}`` blocks through; they only matter for training."""

    tags = {"generation"}

    def parse(self, parser: Any) -> Any:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: Any = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def render(template: str, variables: dict[str, Any], limit: int) -> str:
    """Render a template to at most ``limit`` characters.

    Raises ValueError beyond them, and whatever the template does.
    """
    pieces, length = [], 0
    for piece in _compiled(template).generate(**variables):
        length += len(piece)
        if length > limit:
            raise ValueError(f"it writes more than {limit:,} characters")
        pieces.append(piece)
    return "".join(pieces)


@lru_cache(maxsize=1)
def _compiled(template: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_Generation, jinja2.ext.loopcontrols],
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _now
    return environment.from_string(template)


def main() -> None:
    """Answer lines until the parent closes the pipe."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for line in sys.stdin:
        try:
            answer = {"text": render(**json.loads(line))}
        except MemoryError:
            answer = {"error": "it needs too much memory"}
        except Exception as error:  # a stranger's template fails in any way it likes
            answer = {"error": f"{error}"[:500] or type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
