"""The command ``phub``: serve a hub, and look after one from a terminal of its machine.

Whoever may write to the data folder may run these commands; they ask for no password.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from jupyter_core.paths import jupyter_data_dir

from phub_jupyter import __version__
from phub_jupyter.errors import HubError
from phub_server.commands.organizations import NO_ROLE, add_org, list_orgs, set_role
from phub_server.commands.people import add_user, approve_login, list_users
from phub_server.commands.serving import serve_hub
from phub_server.commands.tokens import add_token, list_tokens, revoke_token, scope_named
from phub_server.commands.upkeep import check_hub, collect_garbage, rotate_key

__all__ = ["build_parser", "main", "serve_main"]

DEFAULT_PORT = 8899

Command = Callable[[argparse.Namespace], int]
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


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
    data = _data_options()
    _serve_command(verbs, data)
    _user_commands(_group(verbs, "user", "people"), data)
    _org_commands(_group(verbs, "org", "organizations"), data)
    _token_commands(_group(verbs, "token", "credentials of programs"), data)
    _login_commands(_group(verbs, "login", "programs that wait for approval"), data)
    _upkeep_commands(verbs, data)
    return parser


def _data_options() -> argparse.ArgumentParser:
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
    return data


def _group(verbs: Verbs, name: str, title: str) -> Verbs:
    parser = verbs.add_parser(name, help=title)
    return parser.add_subparsers(title="commands", required=True, metavar="COMMAND")


def _serve_command(verbs: Verbs, data: argparse.ArgumentParser) -> None:
    serve = verbs.add_parser("serve", parents=[data], help="serve the hub until Ctrl+C")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="0 takes a free one (%(default)s)"
    )
    serve.add_argument("--base-url", default="", help="path to mount the hub under, e.g. /phub")
    serve.set_defaults(command=serve_hub)


def _user_commands(user: Verbs, data: argparse.ArgumentParser) -> None:
    add = user.add_parser("add", parents=[data], help="add a person")
    add.add_argument("name")
    add.add_argument("--admin", action="store_true", help="may administer the whole hub")
    add.set_defaults(command=add_user)
    listing = user.add_parser("list", parents=[data], help="print everybody, a line each")
    listing.set_defaults(command=list_users)


def _org_commands(org: Verbs, data: argparse.ArgumentParser) -> None:
    add = org.add_parser("add", parents=[data], help="add an organization")
    add.add_argument("name")
    add.add_argument("--owner", required=True, metavar="USER", help="its first administrator")
    add.set_defaults(command=add_org)
    listing = org.add_parser("list", parents=[data], help="print members and roles, a line each")
    listing.set_defaults(command=list_orgs)
    role = org.add_parser("role", parents=[data], help="add a member, change or end a role")
    role.add_argument("org")
    role.add_argument("user")
    role.add_argument(
        "role",
        choices=("read", "contributor", "write", "admin", NO_ROLE),
        help=f"'{NO_ROLE}' ends the membership",
    )
    role.set_defaults(command=set_role)


def _token_commands(token: Verbs, data: argparse.ArgumentParser) -> None:
    add = token.add_parser("add", parents=[data], help="make a token, shown only once")
    add.add_argument("user")
    add.add_argument("--role", required=True, choices=("read", "write", "admin", "fineGrained"))
    add.add_argument("--name", default="command line", help="what it is for (%(default)s)")
    add.add_argument("--days", type=_days, help="how long it is valid (default: for ever)")
    add.add_argument(
        "--scope",
        type=scope_named,
        action="append",
        default=[],
        metavar="TYPE:NAME:RIGHT",
        help="what a fineGrained token reaches, e.g. model:acme/bert:read; may be repeated",
    )
    add.add_argument(
        "--reads-gated", action="store_true", help="a fineGrained one reads gated repositories too"
    )
    add.set_defaults(command=add_token)
    listing = token.add_parser("list", parents=[data], help="print a person's tokens, a line each")
    listing.add_argument("user")
    listing.set_defaults(command=list_tokens)
    revoke = token.add_parser("revoke", parents=[data], help="make a token worthless at once")
    revoke.add_argument("user")
    revoke.add_argument("id", type=_token_id, help="its number in 'phub token list'")
    revoke.set_defaults(command=revoke_token)


def _login_commands(login: Verbs, data: argparse.ArgumentParser) -> None:
    approve = login.add_parser("approve", parents=[data], help="let in what shows this code")
    approve.add_argument("code")
    approve.add_argument("--user", required=True, help="the person as whom it will act")
    approve.set_defaults(command=approve_login)


def _upkeep_commands(verbs: Verbs, data: argparse.ArgumentParser) -> None:
    verify = verbs.add_parser("check", parents=[data], help="look for damage; 0 means none")
    verify.set_defaults(command=check_hub)
    garbage = verbs.add_parser("gc", parents=[data], help="give back space that nobody needs")
    garbage.add_argument(
        "--delete", action="store_true", help="remove it; without this it is only reported"
    )
    garbage.set_defaults(command=collect_garbage)
    rotate = verbs.add_parser(
        "rotate-key", parents=[data], help="sign in with the hub: take a new key for id tokens"
    )
    rotate.set_defaults(command=rotate_key)


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


def _token_id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) < 16:
        raise argparse.ArgumentTypeError(f"'{text}' is not the number of a token")
    return int(text)


if __name__ == "__main__":
    main()
