"""Where a model comes from, for machines to read: ``provenance.json`` beside the card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from phub_jupyter.compute.training.state import CandidateState, RunState
from phub_jupyter.compute.training.usage import energy_of

__all__ = ["PROVENANCE_FILE", "machine_sentence", "provenance"]

PROVENANCE_FILE = "provenance.json"
_ON_CLUSTER = "The machines of the Ray cluster were not measured."


def provenance(
    state: RunState, row: CandidateState, cells: Mapping[str, Any] | None
) -> dict[str, Any]:
    """All that the record tells about one published candidate.

    ``cells`` is what was run in the notebook before, or None when the person left it out.
    """
    sources = state.started["sources"]
    began = state.started.get("time")
    return {
        "version": 1,
        "base_model": _pinned(sources.get("model")),
        "dataset": _pinned(sources["dataset"]),
        "recipe": {
            "settings": state.started["settings"],
            "columns": state.started["columns"],
            "labels": state.started["labels"],
            "problem": state.started["problem"],
            "rows": state.started["rows"],
            "rungs": state.plan.rungs,
        },
        "candidate": {
            "name": row.candidate.name,
            "family": row.candidate.family,
            "parameters": row.candidate.parameters,
            "batch_size": row.candidate.batch_size if row.candidate.stepwise else None,
            "steps": row.scored_step,
            "seconds": row.seconds,
        },
        "seed": state.started["settings"]["seed"],
        "began": datetime.fromtimestamp(began, UTC).isoformat() if began else None,
        "seconds": state.seconds,
        "engine": state.engine,
        "hardware": _hardware(state),
        "energy": _energy(state) or ({"method": _ON_CLUSTER} if _on_cluster(state) else None),
        "packages": sources.get("environment", {}),
        "notebook": sources.get("code"),
        "cells": cells,
    }


def machine_sentence(state: RunState) -> str:
    """One line for the card: machine, duration and energy of the whole run."""
    lasted = f"the run took {state.seconds:.0f} s"
    machine, energy = _hardware(state), _energy(state)
    if machine is None or energy is None:
        why = "of a Ray cluster, which is not measured" if _on_cluster(state) else "not recorded"
        return f"Machine: {why}; {lasted}."
    gpus = f", {', '.join(machine['gpus'])}" if machine["gpus"] else ""
    how = (
        "measured by the processor"
        if "watts_per_core" not in energy
        else (
            f"estimated from {energy['cpu_seconds']:.0f} processor seconds and an assumed "
            f"{energy['watts_per_core']:g} watts a core"
        )
    )
    return (
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']:g} GiB "
        f"memory{gpus}; {lasted} and about {energy['watt_hours']:.2g} Wh ({how})."
    )


def _pinned(source: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {name: source[name] for name in ("repo", "commit")} if source else None


def _hardware(state: RunState) -> Any:
    """The machine on which the run ended; of a cluster only what leads it would be known."""
    return None if _on_cluster(state) or not state.usages else state.usages[-1]["hardware"]


def _energy(state: RunState) -> dict[str, Any] | None:
    return None if _on_cluster(state) else energy_of(state.usages)


def _on_cluster(state: RunState) -> bool:
    return "ray" in state.started["sources"]
