"""The command ``phub``, run as a person or a script runs it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from phub_jupyter import __version__
from phub_jupyter.errors import AuthenticationError, ForbiddenError, RepoNotFoundError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.repos.operations import AddFile, AddLargeFile, CommitHeader
from phub_jupyter.hub.settings import StoreSettings
from phub_jupyter.identifiers import RepoId, RepoType
from phub_server.cli import main

from ..stores import PAIRS, settings_of
from ..stores import environment as stores_of


def phub(*arguments: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "phub_server.cli", *arguments]
    environment = dict(os.environ)
    environment.pop("PHUB_DATA", None)
    if data is not None:
        environment["PHUB_DATA"] = str(data)
    folder = Path(arguments[arguments.index("--data") + 1]) if "--data" in arguments else data
    if folder is not None:
        environment |= stores_of(folder)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def refused(*arguments: str, data: Path) -> str:
    """The one sentence that a refused command leaves."""
    done = phub(*arguments, data=data)
    assert (done.returncode, done.stdout) == (1, ""), done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("phub: ")
    return lines[0]


Call = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def call(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process: its exit status, and the lines that it printed."""
    for name, value in stores_of(data).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PHUB_DATA", str(data))

    def run(*arguments: str) -> tuple[int, list[str], list[str]]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.out.splitlines(), printed.err.splitlines()

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a hub with the account ada."""
    folder = tmp_path / "hub"
    hub = Hub.open(folder)
    hub.accounts.add_user("ada")
    hub.close()
    return folder


def test_it_says_what_it_is() -> None:
    assert phub("--version").stdout == f"phub {__version__}\n"
    text = phub("--help").stdout
    assert all(word in text for word in ("serve", "user", "org", "token", "check"))


def test_people_and_organizations_are_added(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert phub("user", "add", "ada", "--admin", "--data", str(folder)).returncode == 0
    assert phub("user", "add", "bob", data=folder).returncode == 0
    done = phub("org", "add", "acme", "--owner", "bob", data=folder)
    assert (done.returncode, done.stderr) == (0, "")
    hub = Hub.open(folder)
    ada, bob = (hub.accounts.actor_for_user(name) for name in ("ada", "bob"))
    assert (ada.is_hub_admin, bob.is_hub_admin) == (True, False)
    assert [(org.name, role) for org, role in hub.accounts.orgs_of(bob)] == [("acme", "admin")]
    hub.close()


@pytest.mark.parametrize("role", ["read", "write", "admin"])
def test_the_last_line_is_the_token_and_nothing_else_is_printed(data: Path, role: str) -> None:
    done = phub("token", "add", "ada", "--role", role, "--name", "nightly job", data=data)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    hub = Hub.open(data)
    actor = hub.accounts.actor_for_token(done.stdout.strip())
    assert actor.grant is not None
    assert (actor.name, actor.grant.role, actor.grant.name) == ("ada", role, "nightly job")
    assert hub.accounts.tokens_of("ada")[0].expires_at is None
    hub.close()


def test_a_token_can_end_by_itself(data: Path) -> None:
    assert phub("token", "add", "ada", "--role", "read", "--days", "7", data=data).returncode == 0
    hub = Hub.open(data)
    token = hub.accounts.tokens_of("ada")[0]
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days in (6, 7)
    hub.close()


def test_people_are_listed(call: Call) -> None:
    assert call("user", "add", "Bea", "--admin")[0] == 0
    assert call("org", "add", "acme", "--owner", "ada")[0] == 0
    assert call("user", "list") == (0, ["ada\tuser", "Bea\tadministrator"], [])


def test_members_come_change_and_go(call: Call) -> None:
    assert call("user", "add", "bob")[0] == call("org", "add", "acme", "--owner", "ada")[0] == 0
    assert call("org", "role", "acme", "bob", "read")[0] == 0
    assert call("org", "list") == (0, ["acme\tada\tadmin", "acme\tbob\tread"], [])
    assert call("org", "role", "acme", "bob", "write")[0] == 0
    assert call("org", "list")[1] == ["acme\tada\tadmin", "acme\tbob\twrite"]
    for role in ("none", "read"):
        kept = call("org", "role", "acme", "ada", role)
        assert kept == (
            1,
            [],
            ["phub: role: acme needs an administrator; name another one first."],
        )
    assert call("org", "role", "acme", "bob", "none")[0] == 0
    assert call("org", "list")[1] == ["acme\tada\tadmin"]
    again = call("org", "role", "acme", "bob", "none")
    assert again == (1, [], ["phub: user: bob is not a member of acme."])
    assert call("org", "role", "nothing", "bob", "read")[0] == 1


def test_a_token_is_listed_without_its_text_until_it_is_revoked(data: Path, call: Call) -> None:
    name = "job\x1b[2J\n1\tadmin"
    _, made, _ = call("token", "add", "ada", "--role", "write", "--name", name, "--days", "7")
    status, lines, errors = call("token", "list", "ada")
    assert (status, len(lines), errors) == (0, 1, [])
    number, role, ends, used, shown = lines[0].split("\t")
    assert (role, ends[:8], used, shown) == ("write", "until 20", "never used", "job?[2J?1?admin")
    assert made[0] not in lines[0]

    assert call("user", "add", "bob")[0] == 0
    others = call("token", "revoke", "bob", number)
    assert others == (1, [], [f"phub: token: bob has no token {number}."])
    assert call("token", "revoke", "ada", number)[0] == 0
    assert call("token", "list", "ada") == (0, [], [])
    assert call("token", "revoke", "ada", number)[0] == 1
    hub = Hub.open(data)
    with pytest.raises(AuthenticationError):
        hub.accounts.actor_for_token(made[0])
    hub.close()


def test_a_fine_grained_token_reaches_what_it_names(data: Path, call: Call) -> None:
    assert call("org", "add", "acme", "--owner", "ada")[0] == 0
    hub = Hub.open(data)
    ada = hub.accounts.actor_for_user("ada")
    for name in ("acme/bert", "ada/m", "ada/other"):
        hub.repositories.create(ada, RepoType.MODEL, RepoId.parse(name), private=True)
    fine = ["token", "add", "ada", "--role", "fineGrained", "--reads-gated"]
    status, lines, _ = call(*fine, "--scope", "model:ada/m:read", "--scope", "org:acme:write")
    assert status == 0
    actor = hub.accounts.actor_for_token(lines[0])
    assert actor.grant is not None
    assert actor.grant.reads_gated
    hub.repositories.find(actor, Action.CONTENT, RepoType.MODEL, "ada/m")
    hub.repositories.find(actor, Action.WRITE, RepoType.MODEL, "acme/bert")
    with pytest.raises(ForbiddenError):
        hub.repositories.find(actor, Action.WRITE, RepoType.MODEL, "ada/m")
    with pytest.raises(RepoNotFoundError):
        hub.repositories.find(actor, Action.READ, RepoType.MODEL, "ada/other")
    hub.close()
    for scope in ("model:ada/nothing:read", "org:nothing:read", "king:ada/m:read"):
        status, out, errors = call(*fine, "--scope", scope)
        assert (status, out, len(errors)) == (1, [], 1), errors
    wrong = call("token", "add", "ada", "--role", "write", "--scope", "model:ada/m:read")
    assert wrong == (1, [], ["phub: scopes: only tokens of the role fineGrained have any."])


def test_a_login_is_approved_with_its_code(data: Path, call: Call) -> None:
    hub = Hub.open(data)
    started = hub.device_logins.start()
    assert call("login", "approve", started.user_code.lower(), "--user", "nobody")[0] == 1
    done = call("login", "approve", started.user_code.lower(), "--user", "ada")
    assert done == (0, ["The program is logged in as ada."], [])
    issued = hub.device_logins.complete(started.device_code)
    assert hub.accounts.actor_for_token(issued.access_token).name == "ada"
    hub.close()
    status, _, errors = call("login", "approve", started.user_code, "--user", "ada")
    assert (status, len(errors)) == (1, 1)


def test_a_listing_makes_no_hub(call: Call, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for command in (["user", "list"], ["org", "list"], ["token", "list", "ada"]):
        status, _, errors = call(*command, "--data", str(elsewhere))
        assert (status, len(errors)) == (1, 1)
        assert str(elsewhere) in errors[0]
    assert not elsewhere.exists()


def test_what_is_wrong_is_one_sentence(data: Path) -> None:
    assert "'nobody'" in refused("token", "add", "nobody", "--role", "read", data=data)
    assert "'ada' is taken" in refused("user", "add", "ada", data=data)
    assert "'a b' is not valid" in refused("user", "add", "a b", data=data)
    assert "'nobody'" in refused("org", "add", "acme", "--owner", "nobody", data=data)
    assert "reserved" in refused("org", "add", "api", "--owner", "ada", data=data)
    elsewhere = data / "nothing here"
    assert str(elsewhere) in refused("check", data=elsewhere)
    assert not elsewhere.exists()


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "file" in refused("user", "add", "ada", data=tmp_path / "file")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["token", "add", "ada"],
        ["token", "add", "ada", "--role", "king"],
        ["token", "add", "ada", "--role", "read", "--days", "many"],
        ["token", "add", "ada", "--role", "read", "--days", "0"],
        ["token", "add", "ada", "--role", "read", "--days", "99999999999"],
        ["token", "add", "ada", "--role", "fineGrained", "--scope", "model:ada/m"],
        ["token", "revoke", "ada", "first"],
        ["org", "role", "acme", "ada", "king"],
        ["login", "approve", "ABCD-EFGH"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "-1"],
        ["org", "add", "acme"],
        ["user"],
        ["fly"],
    ],
)
def test_a_mistyped_command_shows_its_usage(data: Path, arguments: list[str]) -> None:
    done = phub(*arguments, data=data)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: phub")
    assert "Traceback" not in done.stderr


def test_the_folder_on_the_line_wins_over_the_variable(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert phub("user", "add", "eve", "--data", str(other), data=data).returncode == 0
    hub = Hub.open(data)
    assert hub.accounts.find("eve") is None
    hub.close()


def test_the_stores_can_be_named_on_the_line(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    there = settings_of(PAIRS[1], data)
    flags = ["--database-url", there.database_url, "--object-store", there.object_store]
    assert phub("user", "add", "eve", *flags, data=data).returncode == 0
    hub = Hub.open(data, there)
    assert hub.accounts.find("eve") is not None
    hub.close()
    assert not (data / "hub.sqlite").exists()
    wrong = refused("user", "add", "eve", "--database-url", "mysql://h/x", data=data)
    assert "postgresql://USER@HOST/NAME" in wrong
    wrong = refused("user", "add", "eve", "--object-store", "gs://bucket", data=data)
    assert "s3://" in wrong


def test_check_finds_a_whole_hub_whole_and_a_damaged_one_damaged(data: Path) -> None:
    hub = Hub.open(data)
    ada = hub.accounts.actor_for_user("ada")
    hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", "m"), private=True)
    repo = hub.repositories.find(ada, Action.WRITE, RepoType.MODEL, "ada/m")
    content = b"large" * 1000
    upload = hub.large_files.new_upload()
    upload.write(content)
    sha256 = hashlib.sha256(content).hexdigest()
    hub.large_files.finish(upload, repo.pk, sha256, len(content))
    operations = [AddFile("a.txt", b"a"), AddLargeFile("big.bin", sha256, len(content))]
    hub.commits.commit(repo, "main", CommitHeader("add", "", None), operations, ada)
    hub.close()
    whole = phub("check", data=data)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.startswith("Whole: 1 repositories")

    store = StoreSettings.from_environment(data).open_objects(data)
    damage = store.new_file()
    damage.write(b"Large" + content[5:])
    damage.publish(next(key for key in store.keys("lfs") if key.endswith(sha256)))
    damaged = phub("check", data=data)
    assert damaged.returncode == 1
    problems = damaged.stdout.splitlines()
    assert problems
    assert all(sha256 in problem for problem in problems), problems
    assert damaged.stderr.startswith(f"phub: {len(problems)} problem")


def test_serve_says_where_and_stops_when_told(data: Path) -> None:
    command = [sys.executable, "-m", "phub_server.cli", "serve", "--port", "0"]
    command += ["--data", str(data), "--base-url", "/phub/"]
    environment = os.environ | stores_of(data)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            assert address.endswith("/phub")
            status = requests.get(f"{address}/api/phub/status", timeout=30)
            assert status.json()["endpoint"] == address
            # A token made while it runs counts at once.
            token = phub("token", "add", "ada", "--role", "read", data=data).stdout.strip()
            headers = {"Authorization": f"Bearer {token}"}
            who = requests.get(f"{address}/api/whoami-v2", headers=headers, timeout=30)
            assert who.json()["name"] == "ada"
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_a_relative_folder_serves_git_as_well(data: Path, tmp_path: Path) -> None:
    hub = Hub.open(data)
    ada = hub.accounts.actor_for_user("ada")
    hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", "m"), private=False)
    hub.close()
    command = [sys.executable, "-m", "phub_server.cli", "serve", "--port", "0", "--data", data.name]
    where: dict[str, Any] = {"cwd": data.parent, "env": os.environ | stores_of(data)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **where) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            clone = ["git", "clone", "--quiet", f"{address}/ada/m", str(tmp_path / "clone")]
            done = subprocess.run(clone, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
        finally:
            process.kill()
    assert (tmp_path / "clone/.gitattributes").is_file()


def test_a_port_in_use_is_one_sentence(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"{port} on 127.0.0.1 is in use" in refused("serve", "--port", str(port), data=data)


def test_a_new_key_signs_id_tokens_and_the_old_one_stays(data: Path, call: Call) -> None:
    assert call("rotate-key")[0] == 0
    status, printed, _ = call("rotate-key")
    path = data / "signing-keys.json"
    keys = json.loads(path.read_text())["keys"]
    assert (status, len(keys)) == (0, 2)
    assert keys[0]["kid"] in printed[0]
    assert path.stat().st_mode & 0o777 == 0o600
