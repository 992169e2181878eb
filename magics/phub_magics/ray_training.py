"""``%phub train --on ray``: what is asked of the cluster, and the way of its result back here."""

from __future__ import annotations

import os
import shutil
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training import Control, Record, Settings
from phub_jupyter.errors import InvalidRequestError
from phub_magics.connection import Connection
from phub_magics.sources import MODEL_FILES, quiet_downloads

__all__ = ["ray_wishes", "train_on_ray"]


def ray_wishes(cpus: float, gpus: float) -> dict[str, Any]:
    """Which cluster is configured and what a candidate takes of it, as the record keeps it.

    Raises InvalidRequestError when none is configured.
    """
    address = os.environ.get("PHUB_RAY_ADDRESS")
    if not address:
        raise InvalidRequestError(
            "PHUB_RAY_ADDRESS: no Ray cluster is configured; set it to the address of the "
            "cluster's dashboard, such as http://head:8265."
        )
    return {"address": address, "cpus": cpus, "gpus": gpus}


def train_on_ray(
    connection: Connection,
    record: Record,
    settings: Settings,
    noted: dict[str, Any],
    control: Control,
) -> None:
    """Have the run done by the cluster; what can be published is in its folder then."""
    from phub_jupyter.compute.training.on_ray.client import RayRun
    from phub_jupyter.compute.training.on_ray.spec import Spec

    target = f"{connection.endpoint} {noted['to']['repo']}"  # two people may begin in one second
    spec = Spec(
        run=f"{record.name}-{zlib.crc32(target.encode()):08x}",
        endpoint=os.environ.get("PHUB_RAY_ENDPOINT") or connection.endpoint,
        settings={**asdict(settings), "columns": dict(settings.columns)},
        sources=noted,
        model_files=tuple(MODEL_FILES),
        cpus=noted["ray"]["cpus"],
        gpus=noted["ray"]["gpus"],
    )
    job = RayRun(noted["ray"]["address"], record, control)
    job.begin(spec, connection.token)
    _bring_home(connection, record, noted["to"]["repo"], job.wait())


def _bring_home(
    connection: Connection, record: Record, repo: str, delivered: dict[str, Any]
) -> None:
    """Take what the cluster left on a branch, and the branch away."""
    from huggingface_hub import snapshot_download

    with quiet_downloads():
        snapshot = Path(
            snapshot_download(
                repo,
                revision=delivered["commit"],
                endpoint=connection.endpoint,
                token=connection.token,
                allow_patterns=[f"{folder}/**" for folder in delivered["folders"]],
            )
        )
    for folder in delivered["folders"]:
        shutil.copytree(snapshot / folder, record.folder / folder, dirs_exist_ok=True)
    connection.api.delete_branch(repo, branch=delivered["branch"])
