"""`comity account`: makes, changes and closes the accounts of people who work on the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from comity.instance.site import Site

_INSTANCE = click.option(
    "--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]"
)
_POLICE = click.option("--works-for-police", is_flag=True, help="Only chiefs, analysts and training officers may.")
_ROLES = (
    "chief, analyst, training-officer, custodian, interviewer, redactor, community-leader, moderator, auditor, resident"
)


@click.group("account")
def command() -> None:
    """Accounts: who signs in, with which role. Nobody needs one to read, answer, follow, print or ask.

    \b
    Invite:  comity account add maria --role custodian --email maria@example.org
    Help:    comity account reset maria      (a lost telephone, a lost passkey)
    End:     comity account close maria
    """


@command.command("add")
@click.argument("name")
@_INSTANCE
@click.option("--role", required=True, help=f"One of: {_ROLES}.")
@click.option("--email", default="", help="Where a link for a forgotten password goes; a sign-on must confirm it.")
@_POLICE
def add(name: str, folder: Path, role: str, email: str, works_for_police: bool) -> None:
    """Make an account and print the link, good once, at which its owner sets password and second factor.

    \b
    Example:  comity account add maria --role custodian --email maria@example.org
    """
    site = _open(folder)
    from comity.site.community.actions import add_account
    from comity.site.community.models import Agency

    agency = Agency.objects.order_by("pk").first()
    account = add_account(name, role=role, email=email, works_for_police=works_for_police, agency=agency)
    _show_link(account, site)


@command.command("reset")
@click.argument("name")
@_INSTANCE
def reset(name: str, folder: Path) -> None:
    """Take password and second factors away, for somebody who lost them, and print a new link.

    \b
    Example:  comity account reset maria
    """
    site = _open(folder)
    from comity.site.community.actions import reset_account

    _show_link(reset_account(name), site)


@command.command("role")
@click.argument("name")
@click.argument("role")
@_INSTANCE
@_POLICE
def role(name: str, role: str, folder: Path, works_for_police: bool) -> None:
    """Give the account NAME another ROLE.

    \b
    Example:  comity account role maria auditor
    """
    _open(folder)
    from comity.site.community.actions import change_role

    change_role(name, role, works_for_police=works_for_police)
    click.echo(f"{name} is {role} from now on.")


@command.command("close")
@click.argument("name")
@_INSTANCE
def close(name: str, folder: Path) -> None:
    """End an account and its sessions; what it did stays in the log.

    \b
    Example:  comity account close maria
    """
    _open(folder)
    from comity.site.community.actions import close_account

    close_account(name)
    click.echo(f"{name} can no longer sign in.")


@command.command("list")
@_INSTANCE
def list_(folder: Path) -> None:
    """Names, roles, and who cannot sign in yet or any more.

    \b
    Example:  comity account list
    """
    _open(folder)
    from comity.site.community.models import Account

    for each in Account.objects.order_by("username"):
        state = "closed" if not each.is_active else "" if each.last_login else "never signed in"
        click.echo("  ".join(filter(None, (f"{each.username:<24}", f"{each.role:<18}", state))).rstrip())


def _open(folder: Path) -> Site:
    from comity.cli.setting_up import open_site

    return open_site(folder, "community")


def _show_link(account: object, site: Site) -> None:
    from comity.site.community.actions import password_link

    path = password_link(account)  # type: ignore[arg-type]
    click.echo(f"Hand over this link; it works once, within three days: {site.url.rstrip('/')}{path}")
    if not site.url:
        click.echo('Put the site\'s address before it, or into comity.toml: [site] url = "https://..."')
