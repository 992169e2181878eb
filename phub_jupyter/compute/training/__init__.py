"""Training: plan candidates, run them on this machine, keep a record that a run can resume from.

Knows neither the hub nor IPython: it is given folders and hands back a folder to publish.
Nothing heavy is imported until a run starts.
"""

from phub_jupyter.compute.training.control import Control
from phub_jupyter.compute.training.plan import Candidate, Plan, plan
from phub_jupyter.compute.training.prepare import Prepared, prepare
from phub_jupyter.compute.training.record import Record
from phub_jupyter.compute.training.run import run
from phub_jupyter.compute.training.settings import Settings

__all__ = [
    "Candidate",
    "Control",
    "Plan",
    "Prepared",
    "Record",
    "Settings",
    "plan",
    "prepare",
    "run",
]
