"""Many who want one name at the same moment: one of them gets it, and nothing is lost."""

from __future__ import annotations

import threading
from pathlib import Path

from phub_jupyter.errors import ConflictError, HubError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.check import check
from phub_jupyter.identifiers import RepoId, RepoType

from .repo_fixtures import Workshop


def test_one_name_for_many(tmp_path: Path) -> None:
    shop = Workshop.open(tmp_path / "hub")
    hub, ada = shop.hub, shop.ada
    repos = [
        hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", f"r{number}"), private=False)
        for number in range(4)
    ]
    barrier = threading.Barrier(6)
    refused: list[Exception] = []

    def run(work: object, *args: object, **kwargs: object) -> None:
        barrier.wait()
        try:
            assert callable(work)
            work(ada, *args, **kwargs)
        except HubError as error:
            refused.append(error)

    wanted = RepoId("ada", "wanted")
    threads = [threading.Thread(target=run, args=(hub.moves.move, repo, wanted)) for repo in repos]
    threads.append(
        threading.Thread(
            target=run,
            args=(hub.repositories.create, RepoType.MODEL, wanted),
            kwargs={"private": False},
        )
    )
    threads.append(threading.Thread(target=run, args=(hub.duplicates.duplicate, shop.repo, wanted)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in refused] == [ConflictError] * 5
    names = sorted(repo.name for repo in hub.repositories.all())
    assert names.count("wanted") == 1
    assert len(names) in (5, 6)  # moved, or made anew
    assert hub.repositories.find(ada, Action.READ, RepoType.MODEL, "ada/wanted")
    assert list(check(hub)) == []
    hub.close()
