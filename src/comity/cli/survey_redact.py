"""`comity survey redact`: what people wrote, made safe by a person who is not police and has no web page."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.cli.survey_options import FILE, SurveyFileError, refuse_to_overwrite

if TYPE_CHECKING:
    from comity.site.community.models import Account


@click.command("redact")
@click.argument("name")
@click.option("--account", "who", required=True, help="Name of the redactor's or the custodian's account.")
@click.password_option(confirmation_prompt=False, help="Its password; asked for.")
@click.option("--proposals", type=FILE, help="Write every text that waits, with the marks in it, to this CSV file.")
@click.option("--decisions", type=FILE, help="Read that file back, decided.")
@click.option("--approved", type=FILE, help="Write the approved texts to this JSON file, for themes and quotes.")
@click.option("--instance", "folder", type=FILE, default=Path(), help="The instance folder.  [.]")
def command(
    name: str,
    who: str,
    password: str,
    proposals: Path | None,
    decisions: Path | None,
    approved: Path | None,
    folder: Path,
) -> None:
    """Decide what is hidden in the texts of survey NAME; nothing of them leaves before that, and the police never decide.

    In the file of proposals, write hide or keep beside each mark, approve beside the text, and in `also` what nobody marked.

    \b
    Example:  comity survey redact trust-2027 --account lee --proposals texts.csv
    Then:     comity survey redact trust-2027 --account lee --decisions texts.csv --approved approved.json
    """
    from comity.cli.survey import prepare

    if (proposals is None) == (decisions is None and approved is None):
        raise SurveyFileError("Nothing was asked for, or too much.", "Give --proposals, or --decisions and --approved.")
    for out in (proposals, approved):
        if out is not None:
            refuse_to_overwrite(out)
    prepare(folder)
    from comity.site.surveys.responses import redacting
    from comity.site.surveys.sampling import read_frame, write_private_csv

    by = _account(who, password)
    if proposals is not None:
        rows = redacting.proposals(name, by=by)
        write_private_csv(proposals, redacting.COLUMNS, [_plain(row) for row in rows])
        click.echo(f"{sum(not row['mark'] for row in rows):,} texts wait, in {proposals}. Delete it once they are decided.")  # fmt: skip
        return
    if decisions is not None:
        frame = read_frame(decisions)
        frame.need(*redacting.COLUMNS)
        click.echo(f"{redacting.decide(name, frame.rows, by=by):,} texts are decided.")
    if approved is not None:
        redacting.refuse_who_may_not(by)
        count = _write_approved(name, approved)
        click.echo(f"{count:,} approved texts are in {approved}.")


def _account(name: str, password: str) -> Account:
    from django.contrib.auth import authenticate

    found: Any = authenticate(username=name, password=password)
    if found is None:
        raise SurveyFileError("There is no such account, or the password is another.", "Check both.")
    return found  # type: ignore[no-any-return]


def _write_approved(survey: str, path: Path) -> int:
    from comity.site.surveys.responses.free_texts import approved_by_digest

    found = {digest.hex(): text for digest, text in approved_by_digest(survey).items()}
    content = json.dumps({"survey": survey, "approved": found}, ensure_ascii=False, indent=1, sort_keys=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content + "\n")
    return len(found)


def _plain(row: dict[str, str]) -> dict[str, str]:
    """The row with words that a spreadsheet cannot run; they are not read back."""
    return row | {"words": f"'{row['words']}" if row["words"].startswith(("=", "+", "-", "@", "\t")) else row["words"]}
