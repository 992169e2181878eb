"""What a person can set or type is written down where they would look."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from phub_magics.arguments import build_parser as magic_parser
from phub_server.app import PrivateHubApp
from phub_server.cli import build_parser as command_parser
from phub_server.environment import hub_variables

DOCS = Path(__file__).parents[2] / "docs"


def _text(audience: str) -> str:
    return "\n".join(page.read_text() for page in sorted((DOCS / audience).glob("*.md")))


def _words(parser: argparse.ArgumentParser, path: str = "") -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield f"{path}{name}"
                yield from _words(child, f"{path}{name} ")
        else:
            yield from (option for option in action.option_strings if option.startswith("--"))


def test_every_setting_is_documented() -> None:
    text = _text("admin")
    own = PrivateHubApp.class_own_traits(config=True)
    assert [name for name in own if f"PrivateHubApp.{name}" not in text] == []


def test_every_exported_variable_is_documented() -> None:
    text = _text("admin")
    assert [name for name in hub_variables("", "") if name not in text] == []


@pytest.mark.parametrize("word", sorted(set(_words(command_parser()))))
def test_every_command_is_documented(word: str) -> None:
    assert word in _text("admin")


@pytest.mark.parametrize("word", sorted(set(_words(magic_parser()))))
def test_every_magic_option_is_documented(word: str) -> None:
    assert word in _text("notebook-user")


def test_links_between_pages_lead_somewhere() -> None:
    import re

    pages = [*DOCS.rglob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page}: {target}"
