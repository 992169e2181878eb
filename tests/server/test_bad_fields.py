"""Bodies with the right fields and wrong values, drawn by a seed: a refusal each, never a fault.

``PHUB_BAD_FIELDS`` says how many bodies each address gets, ``PHUB_BAD_FIELDS_SEED`` which.
"""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import requests

import phub_server

from .test_bad_bodies import BODY_METHODS, ELSEWHERE
from .test_doors import DOORS

BODIES = int(os.environ.get("PHUB_BAD_FIELDS", "5"))
SEED = int(os.environ.get("PHUB_BAD_FIELDS_SEED", "1"))
SOURCES = Path(phub_server.__file__).parent
FIELDS = sorted(
    {
        name
        for path in SOURCES.rglob("*.py")
        for name in re.findall(r'(?:\.get\(|\[|_field\(\w+, )"([a-zA-Z_]+)"', path.read_text())
    }
)
PLAUSIBLE = ("own", "ada", "ada/own", "model", "dataset", "main", "a text", True, 1, ["own"], {})
WRONG = (
    *(None, -1, 0, 1.5, 10**400, float("nan"), float("inf"), True),
    *("", " ", "\0", "\ud800", "../..", "a/b/c", "x" * 70_000, "é\u202e", "api", "-"),
    *(
        [],
        [None],
        [[]],
        [{}],
        {},
        {"a": []},
        {"type": 5, "name": None},
        [{"id": 5, "type": "model"}],
    ),
)


def drawn(generator: random.Random) -> dict[str, Any]:
    body = {name: generator.choice(PLAUSIBLE) for name in FIELDS if generator.random() < 0.8}
    for name in generator.sample(FIELDS, generator.choice((1, 3, 20))):
        body[name] = generator.choice(WRONG)
    return body


def test_no_value_of_a_field_is_a_fault(own: Any) -> None:
    assert len(FIELDS) > 60
    generator = random.Random(SEED)
    session = requests.Session()
    session.headers.update(own.headers())
    faults = []
    for method, address in [*DOORS, *ELSEWHERE]:
        if method not in BODY_METHODS or address.endswith(("/restart", "/pause", "/start")):
            continue
        for _ in range(BODIES):
            body = drawn(generator)
            url = own.endpoint + address.replace("{name}", "own")
            answer = session.request(method, url, data=json.dumps(body), timeout=60)
            if answer.status_code >= 500 and answer.status_code not in (501, 503):
                faults.append(f"{method} {address} {answer.status_code} {answer.text[:90]}")
    assert not faults, "\n".join(dict.fromkeys(faults))
