"""Calls every public method of the installed client once, and prints what came of each as JSON.

Run with the client's own Python: ``python tests/clients/methods``. ``HF_ENDPOINT`` and ``HF_TOKEN``
are those of ada, ``BOB_TOKEN`` is another person's; the folder in ``TOUR_FOLDER`` is empty.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import traceback
import urllib.request
from pathlib import Path
from typing import Any

from case import CASES, Tour
from elsewhere import ELSEWHERE
from huggingface_hub import HfApi, __version__

for noun in ("repositories", "files", "community", "people", "spaces", "buckets"):
    importlib.import_module(noun)  # registers its cases, which build on those of the ones before

ORDER = [name for name in CASES if name not in ("delete_repo",)] + ["delete_repo"]


def public_methods() -> list[str]:
    """The methods that a user of the client can call."""
    return sorted(
        name for name, _ in inspect.getmembers(HfApi, callable) if not name.startswith("_")
    )


def call(method: str, tour: Tour, done: dict[Any, dict[str, str]]) -> dict[str, str]:
    """Run the case of a method, once for all methods it stands for."""
    case = CASES[method]
    if case not in done:
        try:
            case(tour)
        except Exception as error:
            done[case] = {"result": kind(error), "detail": traceback_of(error)}
        else:
            done[case] = {"result": "works"}
    return done[case]


def kind(error: Exception) -> str:
    """What a failure of the client means for its user."""
    if getattr(getattr(error, "response", None), "status_code", None) == 501:
        return "501"
    # Files that came without Xet have no Xet hash, and newer clients copy by nothing else.
    if "hf_xet" in str(error) or "no xet hash" in str(error):
        return "needs hf_xet"
    return "failed"


def traceback_of(error: Exception) -> str:
    """The end of what the client printed, for whoever reads the failed test."""
    return "".join(traceback.format_exception(error))[-2500:]


def main() -> None:
    """Print ``{"version", "methods": {name: {"result", "detail"}}}``."""
    bob = os.environ["BOB_TOKEN"]
    tour = Tour(
        HfApi(), HfApi(token=bob), os.environ["HF_ENDPOINT"], Path(os.environ["TOUR_FOLDER"])
    )
    tour.made["post"] = lambda url: post(url, os.environ["HF_TOKEN"])
    tour.made["ask"] = lambda url: post(url, bob)
    names = public_methods()
    answers: dict[str, dict[str, str]] = {}
    done: dict[Any, dict[str, str]] = {}
    for name in ORDER:
        if name in names:
            answers[name] = call(name, tour, done)
    for name in names:
        if name in ELSEWHERE:
            answers[name] = {"result": "n/a", "detail": ELSEWHERE[name]}
        elif name not in answers:
            answers[name] = {"result": "failed", "detail": "no case calls this method"}
    print(json.dumps({"version": __version__, "methods": answers}, sort_keys=True))


def post(url: str, token: str) -> None:
    """Do what the client has no call for, because on the public hub a person clicks for it."""
    request = urllib.request.Request(
        url,
        data=b"{}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        answer.read()


if __name__ == "__main__":
    main()
