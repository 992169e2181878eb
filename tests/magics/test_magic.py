"""``%phub`` in a real kernel: there without being loaded, and short about mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from phub_jupyter.errors import RepoNotFoundError
from phub_magics.magic import one_sentence

CONFIG = Path(__file__).parents[2] / "magics/ipython-config/ipython_config.json"


class Kernel:
    """A running kernel; ``run`` gives the status and everything that a cell printed."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, code: str) -> tuple[str, str]:
        printed: list[str] = []

        def keep(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                printed.append(content["text"])
            elif message["msg_type"] == "error":
                printed.extend(content["traceback"])
            elif message["msg_type"] in ("execute_result", "display_data"):
                printed.append(content["data"].get("text/plain", ""))

        reply = self.client.execute_interactive(code, timeout=60, output_hook=keep)
        return reply["content"]["status"], "".join(printed)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A new notebook's kernel in an environment that has our configuration file."""
    folder = tmp_path_factory.mktemp("ipython")
    (folder / "profile_default").mkdir()
    (folder / "profile_default" / "ipython_config.json").write_text(CONFIG.read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder))
        for name in ("PHUB_ENDPOINT", "PHUB_TOKEN", "HF_ENDPOINT", "HF_TOKEN"):
            patch.delenv(name, raising=False)
        manager, client = start_new_kernel()
    yield Kernel(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.context.destroy()


def test_the_magic_is_there_without_loading_anything(kernel: Kernel) -> None:
    status, printed = kernel.run("%phub --help")
    assert status == "ok"
    assert "train" in printed


def test_loading_it_again_does_no_harm(kernel: Kernel) -> None:
    assert kernel.run("%load_ext phub_jupyter")[0] == "ok"


def test_a_new_kernel_has_not_loaded_anything_heavy(kernel: Kernel) -> None:
    _, printed = kernel.run(
        "import sys; [name for name in ('torch', 'transformers', 'datasets', 'numpy', "
        "'huggingface_hub') if name in sys.modules]"
    )
    assert printed == "[]"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("%phub", "the following arguments are required: VERB"),
        ("%phub train", "dataset: missing; add --dataset namespace/name."),
        ("%phub train --model 'a/b", "a quotation mark is not closed"),
        ("%phub train --model a/b --dataset a/c --to a/d", "PHUB_ENDPOINT: no hub is configured"),
        (
            "%phub train --model a/b --dataset a/c --to a/d --task dream",
            "task: 'dream' is not a known task",
        ),
        ("%phub train --resume nothing", "there is no run 'nothing'"),
    ],
)
def test_a_mistake_is_one_line_without_traceback(kernel: Kernel, line: str, sentence: str) -> None:
    status, printed = kernel.run(line)
    assert status == "error"
    assert sentence in printed
    assert printed.count("\n") == 1
    assert "Traceback" not in printed


BUSY_CELL = """
import time
from pathlib import Path
from tempfile import mkdtemp
from phub_jupyter.compute.training import Candidate, Control, Plan, Record
from phub_magics.live_table import LiveTable

record, control = Record.create(Path(mkdtemp())), Control()
plan = Plan((Candidate("c1", "Fine-tune 1", "full"),), (40,), 40)
settings = {"task": "text-classification", "metric": "accuracy"}
record.append("started", plan=plan.as_json(), rows={}, settings=settings)
table = LiveTable(get_ipython(), record, control)
table.update()
print("comm", table.buttons["c1"].comm.comm_id)
deadline = time.monotonic() + 30
while control.may_step("c1") and time.monotonic() < deadline:
    time.sleep(0.05)
print("heard" if not control.may_step("c1") else "deaf")
"""


def test_a_cancel_button_is_heard_while_the_cell_runs(kernel: Kernel) -> None:
    """Clicks as JupyterLab sends them: as comm messages over a subshell of the kernel."""
    client = kernel.client
    creation = client.session.msg("create_subshell_request")
    client.control_channel.send(creation)
    subshell = client.control_channel.get_msg(timeout=10)["content"]["subshell_id"]
    cell = client.execute(BUSY_CELL)
    printed = ""
    while not printed.rstrip().endswith(("heard", "deaf")):
        message = client.get_iopub_msg(timeout=40)
        if message["parent_header"].get("msg_id") != cell:
            continue
        assert message["msg_type"] != "error", message["content"]["traceback"]
        if message["msg_type"] != "stream":
            continue
        printed += message["content"]["text"]
        if message["content"]["text"].startswith("comm "):
            click = {"method": "custom", "content": {"event": "click"}}
            content = {"comm_id": message["content"]["text"].split()[1], "data": click}
            request = client.session.msg("comm_msg", content)
            request["header"]["subshell_id"] = subshell
            client.shell_channel.send(request)
    client.get_shell_msg(timeout=30)
    assert printed.rstrip().endswith("heard")


def test_a_hub_that_is_not_there_is_said_in_one_line(kernel: Kernel) -> None:
    kernel.run(
        "import os; os.environ.update(PHUB_ENDPOINT='http://127.0.0.1:9', PHUB_TOKEN='hf_x')"
    )
    status, printed = kernel.run("%phub train --model a/b --dataset a/c --to a/d")
    kernel.run("del os.environ['PHUB_ENDPOINT'], os.environ['PHUB_TOKEN']")
    assert status == "error"
    assert "The hub cannot be reached" in printed
    assert printed.count("\n") == 1


def test_refusals_are_told_and_bugs_are_not_hidden() -> None:
    assert one_sentence(RepoNotFoundError("model: it is gone.")) == "model: it is gone."
    assert one_sentence(ZeroDivisionError("oops")) is None


def test_the_wheel_puts_the_configuration_where_every_kernel_reads_it() -> None:
    config = json.loads(CONFIG.read_text())
    assert config == {"InteractiveShellApp": {"extensions": ["phub_jupyter"]}}
    pyproject = (CONFIG.parents[2] / "pyproject.toml").read_text()
    assert '"magics/ipython-config" = "etc/ipython"' in pyproject
