"""`comity`: finds the verb's file only when it is called, and turns errors into one sentence and an exit code."""

from __future__ import annotations

import errno
import sys
from importlib import import_module

import click

from comity.errors import ComityError

VERBS = {
    "demo": "Publish and serve the real Minneapolis stops of 2017.",
    "init": "Make a commented instance folder for an agency.",
    "fetch": "Pull records from a portal, database or folder; changes give alarm.",
    "check": "Try a mapping on files; writes nothing.",
    "publish": "Turn an agency's records into a sealed release.",
    "promise": "Seal what will be published, and by when.",
    "withdraw": "Take a version back, and leave its tombstone.",
    "serve": "Serve the public portal.",
    "verify": "Verify a public folder or a served one.",
    "mirror": "Keep a verified copy of somebody's public folder.",
    "backup": "Everything that an instance is, in one encrypted file.",
    "upgrade": "Bring the databases to a new version's tables.",
    "restore": "An instance from its backup, proved.",
    "doctor": "Look an instance over: keys, files, promises, disk.",
    "witness": "Cosign the checkpoints of other instances.",
    "rotate-key": "Replace the ledger's key under the old one's signature.",
    "attack": "Try to work out hidden counts of a public folder, as an outsider would.",
    "protect": "Hide the small counts of one table.",
    "rows": "Make a file of single records publishable.",
    "reproduce": "Recompute a release from its public tables.",
    "disparity": "Tests for disparity on a file of counts or an instance.",
    "estimate": "Survey estimates with standard errors.",
    "weigh": "Survey weights, step by step, each step verified.",
    "plan-sample": "Sample sizes and power for a survey.",
    "priorities": "Decide budgets by fair rules; find opinion groups.",
    "account": "Make, change and close accounts.",
    "training": "Whether a course changed what it was meant to change.",
    "work": "Do what is due without a click: seal the log, send mail.",
    "survey": "Field a survey that nobody can trace, end it, seal its receipts.",
    "outreach": "Seal who works here, and contacts that enforced nothing.",
}


class Verbs(click.Group):
    """Each verb lives in `comity.cli.<verb>` as `command`, and is imported when it is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command = import_module(f"comity.cli.{name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="comity")
def verbs() -> None:
    """One honest record that a police department and its community share.

    \b
    Try it:             comity demo
    Your own records:   comity init our-town
    Check a publisher:  comity verify https://data.example.gov
    """


def main() -> None:
    """Runs the command line. Exit codes: 0 done, 1 refused or wrong, 2 wrong usage."""
    try:
        code = verbs(standalone_mode=False)
    except ComityError as error:
        _stop(str(error), error.exit_code)
    except click.Abort:
        _stop("Stopped. Nothing was half-written; run the same command again to finish.", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _stop("Stopped. Nothing was half-written; run the same command again to finish.", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _stop(_sentence_for(error), 1)
    sys.exit(code if isinstance(code, int) else 0)


def _sentence_for(error: OSError) -> str:
    where = error.filename or "the disk"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full while writing {where}. Free some space and run the same command again; what is public is whole."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where} cannot be written or read by this user. Change its owner or permissions, then run it again."
    return f"{error.strerror or error} ({where}). Mend that and run the same command again; what is public is whole."


def _stop(sentence: str, code: int) -> None:
    click.echo(sentence, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
