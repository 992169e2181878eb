"""The command ``phub``: serve a hub, and look after one from a terminal of its machine.

Whoever may write to the data folder may run these commands; they ask for no password.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jupyter_core.paths import jupyter_data_dir

from phub_jupyter import __version__
from phub_jupyter.errors import ConflictError, HubError, NotFoundError

if TYPE_CHECKING:
    from phub_jupyter.hub.hub import Hub
    from phub_jupyter.hub.settings import StoreSettings

__all__ = ["build_parser", "main", "serve_main"]

DEFAULT_PORT = 8899

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 means done, 1 refused or damaged, 2 mistyped."""
    raise SystemExit(_run(build_parser().parse_args(arguments)))


def serve_main() -> NoReturn:
    """The same as ``phub serve``, under the name ``jupyter phub``."""
    main(["serve", *sys.argv[1:]])


def _run(options: argparse.Namespace) -> int:
    command: Command = options.command
    try:
        return command(options)
    except HubError as error:
        print(f"phub: {error.message}", file=sys.stderr)
    except OSError as error:
        print(f"phub: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("phub: interrupted", file=sys.stderr)
    return 1


def build_parser() -> argparse.ArgumentParser:
    """All commands and options; ``command`` of the result is what to run."""
    parser = argparse.ArgumentParser(prog="phub", description="A private hub of models and data.")
    parser.add_argument("--version", action="version", version=f"phub {__version__}")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data",
        type=lambda text: Path(text).expanduser(),
        default=_default_data(),
        help="folder of the hub (default: $PHUB_DATA, else 'phub' in Jupyter's data folder)",
    )
    data.add_argument(
        "--database-url",
        default="",
        metavar="URL",
        help="postgresql://... (default: $PHUB_DATABASE_URL, else SQLite in the data folder)",
    )
    data.add_argument(
        "--object-store",
        default="",
        metavar="URL",
        help="s3://BUCKET/... (default: $PHUB_OBJECT_STORE, else files in the data folder)",
    )

    serve = verbs.add_parser("serve", parents=[data], help="serve the hub until Ctrl+C")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="0 takes a free one (%(default)s)"
    )
    serve.add_argument("--base-url", default="", help="path to mount the hub under, e.g. /phub")
    serve.set_defaults(command=_serve)

    user = _group(verbs, "user", "people")
    user_add = user.add_parser("add", parents=[data], help="add a person")
    user_add.add_argument("name")
    user_add.add_argument("--admin", action="store_true", help="may administer the whole hub")
    user_add.set_defaults(command=_add_user)

    org = _group(verbs, "org", "organizations")
    org_add = org.add_parser("add", parents=[data], help="add an organization")
    org_add.add_argument("name")
    org_add.add_argument("--owner", required=True, metavar="USER", help="its first administrator")
    org_add.set_defaults(command=_add_org)

    token = _group(verbs, "token", "credentials of programs")
    token_add = token.add_parser("add", parents=[data], help="make a token, shown only once")
    token_add.add_argument("user")
    token_add.add_argument("--role", required=True, choices=("read", "write", "admin"))
    token_add.add_argument("--name", default="command line", help="what it is for (%(default)s)")
    token_add.add_argument("--days", type=_days, help="how long it is valid (default: for ever)")
    token_add.set_defaults(command=_add_token)

    verify = verbs.add_parser("check", parents=[data], help="look for damage; 0 means none")
    verify.set_defaults(command=_check)

    garbage = verbs.add_parser("gc", parents=[data], help="give back space that nobody needs")
    garbage.add_argument(
        "--delete", action="store_true", help="remove it; without this it is only reported"
    )
    garbage.set_defaults(command=_collect_garbage)
    return parser


def _group(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, title: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    parser = verbs.add_parser(name, help=title)
    return parser.add_subparsers(title="commands", required=True, metavar="COMMAND")


def _default_data() -> Path:
    chosen = os.environ.get("PHUB_DATA")
    return Path(chosen).expanduser() if chosen else Path(jupyter_data_dir()) / "phub"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port; use 0 to 65535")
    return int(text)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) < 6 or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of days; use 1 to 99999")
    return int(text)


def _stores(options: argparse.Namespace) -> StoreSettings:
    from phub_jupyter.hub.settings import StoreSettings

    named = StoreSettings(options.database_url, options.object_store)
    return named.over(StoreSettings.from_environment(options.data))


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[Hub]:
    from phub_jupyter.hub.hub import Hub

    hub = Hub.open(options.data, _stores(options))
    try:
        yield hub
    finally:
        hub.close()


def _serve(options: argparse.Namespace) -> int:
    from phub_server.standalone import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    path = options.base_url.strip("/")
    prefix = f"/{path}" if path else ""
    try:
        asyncio.run(serve(options.host, options.port, options.data, prefix, _stores(options)))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise ConflictError(
            f"--port: {options.port} on {options.host} is in use; stop the program that has it, "
            "or choose another port."
        ) from None
    return 0


def _add_user(options: argparse.Namespace) -> int:
    with _opened(options) as hub:
        user = hub.accounts.add_user(options.name, admin=options.admin)
    print(f"Added the {'administrator' if user.is_admin else 'user'} {user.name}.")
    return 0


def _add_org(options: argparse.Namespace) -> int:
    with _opened(options) as hub:
        org = hub.accounts.add_org(options.name, options.owner)
    print(f"Added the organization {org.name}; {options.owner} administers it.")
    return 0


def _add_token(options: argparse.Namespace) -> int:
    lifetime = None if options.days is None else timedelta(days=options.days)
    with _opened(options) as hub:
        token = hub.accounts.add_token(
            options.user, name=options.name, role=options.role, lifetime=lifetime
        )
    # The explanation goes elsewhere, so that a script can take the output as it is.
    print(f"A token of {options.user} with role {options.role}; copy it now:", file=sys.stderr)
    print(token)
    return 0


def _check(options: argparse.Namespace) -> int:
    from phub_jupyter.hub.check import check

    _require_hub(options.data)
    problems = 0
    with _opened(options) as hub:
        for problem in check(hub):
            print(problem, flush=True)
            problems += 1
        repositories = sum(1 for _ in hub.repositories.all())
    if problems:
        print(f"phub: {problems} problems found in {options.data}.", file=sys.stderr)
        return 1
    print(f"Whole: {repositories} repositories and every object that they need.")
    return 0


def _require_hub(data: Path) -> None:
    if not (data / "secret").exists():
        raise NotFoundError(f"There is no hub in {data}; name its folder with --data.")


def _collect_garbage(options: argparse.Namespace) -> int:
    _require_hub(options.data)
    with _opened(options) as hub:
        report = hub.garbage.collect(delete=options.delete)
    for freed in report.lines:
        print(f"{freed.size:>16,} bytes  {freed.count} {freed.kind}")
    for problem in report.skipped:
        print(f"phub: left alone: {problem}", file=sys.stderr)
    total = sum(freed.size for freed in report.lines)
    if options.delete:
        print(f"Removed {total:,} bytes.")
    else:
        print(f"{total:,} bytes can be removed: phub gc --delete")
    return 1 if report.skipped else 0


if __name__ == "__main__":
    main()
