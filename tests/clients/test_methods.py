"""Every public method of the client, of every release, does what docs/compatibility.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import HubServer
from .compatibility import read_page, run_methods
from .programs import GENERATIONS


@pytest.mark.slow
@pytest.mark.parametrize("client", GENERATIONS)
def test_the_page_says_what_is_so(tmp_path: Path, client: str) -> None:
    prefix = "/user/ada/phub" if client.endswith("-plain") else ""  # both places, each once
    server = HubServer(tmp_path / "hub", prefix)
    try:
        results = run_methods(server, tmp_path / "client", client)
    finally:
        server.close()
    columns = read_page()
    newest = list(columns)[-1]  # a release that came after the page must do the same
    page = columns.get(client.removesuffix("-plain"), columns[newest])
    wrong = []
    for method, answer in results.items():
        said, found = page.get(method, "nothing"), answer["result"]
        if said.partition(":")[0] != found and not (said == "needs hf_xet" and found == "works"):
            wrong.append(f"{method} {found}, the page says {said}\n{answer.get('detail', '')}")
    assert not wrong, "\n".join(wrong)
    assert {method for method, said in page.items() if said != "-"} == set(results)
