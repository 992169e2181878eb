"""Repositories: their life, settings, refs and history, and the lists of them."""

from __future__ import annotations

from case import Tour, case
from huggingface_hub.errors import RepositoryNotFoundError


@case("create_repo")
def _(tour: Tour) -> None:
    assert tour.api.create_repo("ada/m").repo_id == "ada/m"
    assert tour.api.create_repo("ada/m", exist_ok=True).repo_id == "ada/m"
    tour.api.create_repo("ada/d", repo_type="dataset")
    tour.api.create_repo("ada/s", repo_type="space", space_sdk="static")


@case("whoami")
def _(tour: Tour) -> None:
    answer = tour.api.whoami()
    assert (answer["name"], answer["type"]) == ("ada", "user")
    assert [org["name"] for org in answer["orgs"]] == ["acme"]


@case("get_token_permission")
def _(tour: Tour) -> None:
    assert tour.api.get_token_permission() == "write"


@case("get_full_repo_name")
def _(tour: Tour) -> None:
    assert tour.api.get_full_repo_name("m") == "ada/m"


@case("repo_exists")
def _(tour: Tour) -> None:
    assert tour.api.repo_exists("ada/m")
    assert not tour.api.repo_exists("ada/none")


@case("revision_exists")
def _(tour: Tour) -> None:
    assert tour.api.revision_exists("ada/m", "main")
    assert not tour.api.revision_exists("ada/m", "none")


@case("repo_info", "model_info")
def _(tour: Tour) -> None:
    info = tour.api.model_info("ada/m", files_metadata=True)
    assert info.id == "ada/m"
    assert info.sha == tour.api.repo_info("ada/m", revision="main").sha
    assert info.siblings[0].rfilename == ".gitattributes"


@case("dataset_info")
def _(tour: Tour) -> None:
    assert tour.api.dataset_info("ada/d").id == "ada/d"


@case("space_info")
def _(tour: Tour) -> None:
    assert tour.api.space_info("ada/s").sdk == "static"


@case("kernel_info")
def _(tour: Tour) -> None:
    tour.api.create_repo("ada/k", repo_type="kernel", exist_ok=True)
    assert tour.api.kernel_info("ada/k").id == "ada/k"


@case("resolve_revision")
def _(tour: Tour) -> None:
    resolved = tour.api.resolve_revision("ada/m", revision="main")
    assert tour.api.model_info("ada/m").sha in repr(resolved)


@case("auth_check")
def _(tour: Tour) -> None:
    tour.api.auth_check("ada/m")
    try:
        tour.api.auth_check("ada/none")
    except RepositoryNotFoundError:
        return
    raise AssertionError("a missing repository passed")


@case("update_repo_settings")
def _(tour: Tour) -> None:
    tour.api.update_repo_settings("ada/m", private=True)
    assert tour.api.model_info("ada/m").private
    assert not tour.bob.repo_exists("ada/m")
    tour.api.update_repo_settings("ada/m", private=False)
    assert tour.bob.repo_exists("ada/m")


@case("update_repo_visibility")
def _(tour: Tour) -> None:
    tour.api.update_repo_visibility("ada/m", private=True)
    assert tour.api.model_info("ada/m").private
    tour.api.update_repo_visibility("ada/m", private=False)


@case("create_branch", "delete_branch")
def _(tour: Tour) -> None:
    tour.api.create_branch("ada/m", branch="feature/x")
    assert "feature/x" in [branch.name for branch in tour.api.list_repo_refs("ada/m").branches]
    tour.api.delete_branch("ada/m", branch="feature/x")
    assert not tour.api.revision_exists("ada/m", "feature/x")


@case("create_tag", "delete_tag")
def _(tour: Tour) -> None:
    tour.api.create_tag("ada/m", tag="v1", tag_message="first")
    assert [tag.name for tag in tour.api.list_repo_refs("ada/m").tags] == ["v1"]
    tour.api.delete_tag("ada/m", tag="v1")
    assert tour.api.list_repo_refs("ada/m").tags == []


@case("list_repo_refs")
def _(tour: Tour) -> None:
    assert [branch.name for branch in tour.api.list_repo_refs("ada/m").branches] == ["main"]


@case("list_repo_commits")
def _(tour: Tour) -> None:
    commits = tour.api.list_repo_commits("ada/m", formatted=True)
    assert commits[-1].title == "initial commit"
    assert commits[-1].authors == ["ada"]


@case("super_squash_history")
def _(tour: Tour) -> None:
    tour.api.create_repo("ada/squash")
    for text in (b"1", b"2"):
        tour.api.upload_file(path_or_fileobj=text, path_in_repo="a.txt", repo_id="ada/squash")
    tour.api.super_squash_history("ada/squash", commit_message="One")
    assert [commit.title for commit in tour.api.list_repo_commits("ada/squash")] == ["One"]


@case("move_repo")
def _(tour: Tour) -> None:
    tour.api.create_repo("ada/before")
    tour.api.move_repo("ada/before", "acme/after")
    assert tour.api.model_info("ada/before").id == "acme/after"


@case("duplicate_repo")
def _(tour: Tour) -> None:
    assert tour.api.duplicate_repo("ada/d", "ada/d2", repo_type="dataset").repo_id == "ada/d2"
    assert tour.api.list_repo_files("ada/d2", repo_type="dataset")


@case("duplicate_space")
def _(tour: Tour) -> None:
    assert tour.api.duplicate_space("ada/s", "ada/s2").repo_id == "ada/s2"


@case("list_models")
def _(tour: Tour) -> None:
    found = list(tour.api.list_models(author="ada", sort="last_modified", full=True))
    assert "ada/m" in [model.id for model in found]
    tagged = tour.api.list_models(filter="no-such-tag")
    assert list(tagged) == []


@case("list_datasets")
def _(tour: Tour) -> None:
    assert "ada/d" in [found.id for found in tour.api.list_datasets(search="d", limit=5)]


@case("list_spaces")
def _(tour: Tour) -> None:
    assert "ada/s" in [found.id for found in tour.api.list_spaces(author="ada")]


@case("get_model_tags", "get_dataset_tags")
def _(tour: Tour) -> None:
    assert isinstance(tour.api.get_model_tags(), dict)
    assert isinstance(tour.api.get_dataset_tags(), dict)


@case("search_spaces")
def _(tour: Tour) -> None:
    found = [space.id for space in tour.api.search_spaces("s", include_non_running=True)]
    assert "ada/s" in found, found


@case("list_user_repos")
def _(tour: Tour) -> None:
    assert "ada/m" in [found.id for found in tour.api.list_user_repos()]


@case("get_dataset_leaderboard")
def _(tour: Tour) -> None:
    assert tour.api.get_dataset_leaderboard("ada/d") == []


@case("delete_repo")
def _(tour: Tour) -> None:
    tour.api.create_repo("ada/gone")
    tour.api.delete_repo("ada/gone")
    assert not tour.api.repo_exists("ada/gone")
