"""The ``phub`` command: serve a hub, add people and tokens, check that everything is whole."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from phub_jupyter import __version__
from phub_jupyter.errors import HubError

if TYPE_CHECKING:
    from phub_jupyter.hub.hub import Hub

__all__ = ["build_parser", "main", "serve_main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one sub-command; a refusal is one sentence and exit status 1."""
    options = build_parser().parse_args(arguments)
    try:
        status = options.run(options)
    except HubError as error:
        print(f"phub: {error.message}", file=sys.stderr)
        status = 1
    raise SystemExit(status)


def serve_main() -> None:
    """Entry point of ``jupyter phub``, which is ``phub serve``."""
    main(["serve", *sys.argv[1:]])


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="phub", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = _command(commands, "serve", "serve the hub over HTTP until interrupted", _serve)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument(
        "--port", type=int, default=8899, help="port to listen on; 0 takes a free one"
    )
    serve.add_argument("--base-url", default="", help="serve below this path, for example /hub")

    user = commands.add_parser("user", help="people").add_subparsers(required=True, metavar="VERB")
    add_user = _command(user, "add", "add a person", _add_user)
    add_user.add_argument("name")
    add_user.add_argument("--admin", action="store_true", help="may administer the whole hub")

    org = commands.add_parser("org", help="organizations").add_subparsers(
        required=True, metavar="VERB"
    )
    add_org = _command(org, "add", "add an organization", _add_org)
    add_org.add_argument("name")
    add_org.add_argument("--owner", required=True, metavar="USER", help="its first administrator")

    token = commands.add_parser("token", help="tokens").add_subparsers(
        required=True, metavar="VERB"
    )
    add_token = _command(token, "add", "print a new token of a person on the last line", _add_token)
    add_token.add_argument("user")
    add_token.add_argument("--role", required=True, choices=("read", "write", "admin"))
    add_token.add_argument("--name", default="command line", help="what the token is for")

    _command(commands, "check", "verify every repository and object against its hash", _check)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.add_argument(
        "--data",
        type=Path,
        default=_default_data(),
        help="the hub's folder; default: $PHUB_DATA, else phub in Jupyter's data folder",
    )
    parser.set_defaults(run=run)
    return parser


def _default_data() -> Path:
    from jupyter_core.paths import jupyter_data_dir

    return Path(os.environ.get("PHUB_DATA") or Path(jupyter_data_dir()) / "phub")


@contextmanager
def _open(options: argparse.Namespace) -> Iterator[Hub]:
    from phub_jupyter.hub.hub import Hub

    hub = Hub.open(options.data)
    try:
        yield hub
    finally:
        hub.close()


def _serve(options: argparse.Namespace) -> int:
    from phub_server.standalone import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(options.host, options.port, options.data, options.base_url))
    return 0


def _add_user(options: argparse.Namespace) -> int:
    with _open(options) as hub:
        hub.accounts.add_user(options.name, admin=options.admin)
    print(f"Added the user {options.name}{' as administrator' if options.admin else ''}.")
    return 0


def _add_org(options: argparse.Namespace) -> int:
    with _open(options) as hub:
        hub.accounts.add_org(options.name, options.owner)
    print(f"Added the organization {options.name}; {options.owner} administers it.")
    return 0


def _add_token(options: argparse.Namespace) -> int:
    with _open(options) as hub:
        text = hub.accounts.add_token(options.user, name=options.name, role=options.role)
    print(f"Token of {options.user} with the role {options.role}; it is not shown again:")
    print(text)
    return 0


def _check(options: argparse.Namespace) -> int:
    from phub_jupyter.hub.check import check

    with _open(options) as hub:
        problems = 0
        for problem in check(hub):
            problems += 1
            print(problem)
    print("Everything is whole." if not problems else f"{problems} problems.")
    return 1 if problems else 0
