"""What Spaces may run on: shares of the hub's own machine that its administrator names."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from phub_jupyter.errors import InvalidRequestError

__all__ = ["LOCAL", "Flavor", "Hardware"]

LOCAL = "local"
"""What a Space runs on that asked for nothing: the machine, unless the setting says otherwise."""

_USUAL = "cpu-basic"  # what clients ask for who want nothing special
_SETTING = "PHUB_SPACE_HARDWARE"
_KEYS = ("name", "prettyName", "cpus", "memory")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_GB = 1 << 30
_LEAST_GB = 0.5  # a page's kernel and its server need about half of that


@dataclass(frozen=True, slots=True)
class Flavor:
    """A share of the machine; ``cpus`` and ``memory`` (in GB) are None where there is no limit."""

    name: str
    pretty_name: str
    cpus: int | None = None
    memory: float | None = None

    @classmethod
    def parse(cls, entry: Any) -> Flavor:
        """One object of the setting. Raises InvalidRequestError naming the key to change."""
        if not isinstance(entry, dict) or not set(entry) <= set(_KEYS):
            raise _refusal(f"use objects with {', '.join(_KEYS)}.")
        name = entry.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _refusal("name: use small letters, digits and '-'.")
        pretty, cpus, memory = entry.get("prettyName", name), entry.get("cpus"), entry.get("memory")
        if not isinstance(pretty, str):
            raise _refusal(f"{name}: prettyName: use a text.")
        there = len(_usable_cpus())
        if cpus is not None and (type(cpus) is not int or not 1 <= cpus <= there):
            raise _refusal(f"{name}: cpus: use a number from 1 to {there}, which this machine has.")
        largest = psutil.virtual_memory().total / _GB
        if memory is not None and (
            type(memory) not in (int, float) or not _LEAST_GB <= memory <= largest
        ):
            raise _refusal(f"{name}: memory: use a number of GB from {_LEAST_GB} to {largest:.1f}.")
        return cls(name, pretty, cpus, memory)

    @property
    def guarding(self) -> list[str]:
        """What the guard of an app is told to hold it to."""
        options = [] if self.cpus is None else ["--cpus", str(self.cpus)]
        return options if self.memory is None else [*options, "--memory", str(self._bytes)]

    @property
    def variables(self) -> dict[str, str]:
        """What tells libraries to start no more threads than there are processors for them."""
        if self.cpus is None:
            return {}
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return dict.fromkeys(names, str(self.cpus))

    def describe(self) -> dict[str, Any]:
        """As the contract lists hardware; nothing of this machine costs anything."""
        memory = psutil.virtual_memory().total / _GB if self.memory is None else self.memory
        return {
            "name": self.name,
            "prettyName": self.pretty_name,
            "cpu": f"{self.cpus or os.cpu_count()} vCPU" + (", shared" * (self.cpus is None)),
            "ram": f"{memory:.3g} GB" + (", shared" * (self.memory is None)),
            "ephemeralStorage": None,
            "accelerator": None,
            "unitCostMicroUSD": 0,
            "unitCostUSD": 0.0,
            "unitLabel": "minute",
        }

    @property
    def _bytes(self) -> int:
        return int((self.memory or 0) * _GB)


class Hardware:
    """All flavors of a hub, by name; `LOCAL` is always one of them."""

    def __init__(self, flavors: tuple[Flavor, ...] = ()) -> None:
        usual = Flavor(LOCAL, "The machine of the hub")
        self.flavors = {flavor.name: flavor for flavor in (usual, *flavors)}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Hardware:
        """What PHUB_SPACE_HARDWARE says: a JSON list, or the path of a file that holds one.

        Raises InvalidRequestError.
        """
        text = environment.get(_SETTING, "").strip()
        if not text:
            return cls()
        try:
            entries = json.loads(text if text.startswith("[") else Path(text).read_bytes())
        except (OSError, ValueError) as error:
            raise _refusal(f"this is neither JSON nor a file of JSON: {error}") from None
        if not isinstance(entries, list):
            raise _refusal("use a list of objects.")
        flavors = tuple(map(Flavor.parse, entries))
        if len({flavor.name for flavor in flavors}) != len(flavors):
            raise _refusal("name: every flavor needs a name of its own.")
        return cls(flavors)

    def named(self, name: Any) -> Flavor:
        """The flavor of that name. Raises InvalidRequestError naming those that there are."""
        if name == _USUAL and _USUAL not in self.flavors:
            name = LOCAL
        if not isinstance(name, str) or name not in self.flavors:
            raise InvalidRequestError(
                f"hardware: this hub has {', '.join(self.flavors)}, and not {str(name)[:100]!r}; "
                "choose one of those."
            )
        return self.flavors[name]


def _usable_cpus() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _refusal(text: str) -> InvalidRequestError:
    return InvalidRequestError(f"{_SETTING}: {text}")
