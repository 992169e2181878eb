"""Reading the words after ``%phub``: a mistake becomes one sentence, never a traceback."""

from __future__ import annotations

import argparse
import math
import re
from importlib import import_module
from typing import IO, Any, NoReturn

from IPython.core.error import UsageError

from phub_jupyter.errors import HubError
from phub_jupyter.identifiers import RepoId

__all__ = [
    "VERBS",
    "ArgumentParser",
    "HelpShownError",
    "build_parser",
    "count",
    "duration",
    "kept",
    "names",
    "repo_id",
    "repo_ids",
    "role_and_name",
    "share",
    "size",
    "trusted_metric",
]

VERBS = {
    "train": "Train several candidates on a dataset of the hub and push the best one.",
    "runs": "List the training runs on this machine, or push one that is ready.",
    "lineage": "Show what a repository was trained on, and what was trained on it.",
    "evaluate": "Score models on a dataset of the hub, and compare them.",
    "infer": "Run a model of the hub on an input.",
    "publish": "Publish a notebook as an app that any browser opens.",
}
"""A verb is the module of that name, with ``add_arguments(parser)`` and ``run(args, shell)``."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(k|m|g|t)(i?)b?", re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600}


class HelpShownError(Exception):
    """Help was asked for and printed; there is nothing else to do."""


class ArgumentParser(argparse.ArgumentParser):
    """argparse that neither ends the kernel nor prints usage twice."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Refuse the line in one sentence."""
        raise UsageError(f"{self.prog}: {message.rstrip('.')}. See {self.prog} --help.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Leave without ending the kernel."""
        raise HelpShownError(message)

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]
        """Print the help where the cell's output goes."""
        print(self.format_help())


def repo_id(text: str) -> str:
    """An argument of the form ``namespace/name``."""
    try:
        return str(RepoId.parse(text))
    except HubError as error:
        raise argparse.ArgumentTypeError(error.message) from None


def repo_ids(text: str) -> list[str]:
    """An argument of the form ``namespace/name,namespace/name``."""
    return [repo_id(name.strip()) for name in text.split(",") if name.strip()]


def names(text: str) -> list[str]:
    """An argument of words with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def trusted_metric(text: str) -> tuple[str, str]:
    """An argument of the form ``namespace/name@commit``, the commit by 7 digits or more."""
    name, _, commit = text.partition("@")
    if not re.fullmatch(r"[0-9a-f]{7,40}", commit):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not of the form namespace/name@commit; name the commit that you have read"
        )
    return repo_id(name), commit


def count(text: str) -> int:
    """A whole number from 1 up."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 up")
    return number


def share(text: str) -> float:
    """A number from 0 up that need not be whole."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 up")
    return number


def kept(text: str) -> int | None:
    """How many candidates to push: ``best``, a number, or ``all``, which is None."""
    if text == "all":
        return None
    try:
        return 1 if text == "best" else count(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not best, all or a whole number from 1 up"
        ) from None


def duration(text: str) -> float:
    """A length of time such as ``90s``, ``5m`` or ``1.5h``, in seconds."""
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if seconds <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a length of time such as 90s or 5m")
    return seconds


def size(text: str) -> int:
    """An amount of memory such as ``8GB`` or ``1.5GiB``, in bytes."""
    match = _SIZE.fullmatch(text)
    step = 1024 if match and match[3] else 1000
    found = int(float(match[1]) * step ** _POWERS[match[2].lower()]) if match else 0
    if found < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 8GB or 500MB")
    return found


def role_and_name(text: str) -> tuple[str, str]:
    """An argument of the form ``label=mood``."""
    role, equals, name = text.partition("=")
    if not (role and equals and name):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form ROLE=NAME")
    return role, name


def build_parser(verb: str | None = None) -> ArgumentParser:
    """The command line of ``%phub``; with ``verb``, only the options of that one are looked up."""
    top = ArgumentParser(prog="%phub", description="Use Private Hub from this notebook.")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        parser = verbs.add_parser(name, help=summary, description=summary)
        if verb in (None, name):
            import_module(f"phub_magics.{name}").add_arguments(parser)
    return top
