"""``%phub VERB …``: one magic, one module per verb, one sentence when something is wrong."""

from __future__ import annotations

import shlex
from importlib import import_module
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from phub_jupyter.errors import HubError
from phub_magics.arguments import HelpShownError, build_parser

__all__ = ["PhubMagics", "one_sentence"]


@magics_class
class PhubMagics(Magics):
    """Registers ``%phub``."""

    @line_magic
    def phub(self, line: str) -> Any:
        """Train, try and publish with Private Hub; ``%phub --help`` lists the verbs."""
        words = _words(line)
        try:
            args = build_parser(words[0] if words else "").parse_args(words)
        except HelpShownError:
            return None
        verb = import_module(f"phub_magics.{args.verb}")
        try:
            return verb.run(args, self.shell)
        except Exception as error:
            sentence = one_sentence(error)
            if sentence is None:
                raise
            raise UsageError(sentence) from None


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%phub: a quotation mark is not closed ({error}).") from None


def one_sentence(error: Exception) -> str | None:
    """What to tell the person about a refusal or a failed call; None for a bug of ours."""
    import requests
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    if isinstance(error, (HubError, HFValidationError)):
        return str(error)
    if isinstance(error, HfHubHTTPError):
        return error.server_message or str(error).split("\n", 1)[0]
    unreachable = (LocalEntryNotFoundError, requests.ConnectionError, ConnectionError)
    if isinstance(error, unreachable) or type(error).__name__ == "ConnectError":
        return "The hub cannot be reached; check that it runs and that PHUB_ENDPOINT is right."
    return None
