"""`comity survey`: puts a survey into the field, ends it, seals the list of spent tokens, and makes accounts for its people."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path
from typing import Any

import click

from comity.cli import survey_questionnaire, survey_redact, survey_results, survey_sample
from comity.errors import ComityError

_INSTANCE = click.option(
    "--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]"
)


class SurveyCommandError(ComityError):
    """A survey command was given files it cannot use."""


@click.group("survey")
def command() -> None:
    """Surveys that nobody can trace, from the question bank to a sealed result.

    \b
    Ask:      comity survey new trust-2027 --for residents --out trust.json
    Invite:   comity survey sample addresses.csv --n 2000 --seed 7 --out sample.csv
    Field:    comity survey field trust-2027 --sample sample.csv --codes codes.csv
    Publish:  comity survey results trust-2027 responses.json --design survey.yaml --about results.toml
    """


for _each in (*survey_questionnaire.COMMANDS, *survey_sample.COMMANDS, survey_redact.command, *survey_results.COMMANDS):
    command.add_command(_each)


@command.command("field")
@click.argument("name")
@_INSTANCE
@click.option("--questionnaire", type=click.Path(path_type=Path, exists=True), help="Questionnaire file.  [our own]")
@click.option("--sample", type=click.Path(path_type=Path, exists=True), help="CSV with the columns case and stratum.")
@click.option("--codes", type=click.Path(path_type=Path), help="Where to write case and code, for the letters.")
@click.option("--open-link", is_flag=True, help="No invitations: anybody may answer, and results say so for ever.")
@click.option("--sample-data", is_flag=True, help="An example: every page carries a watermark.")
def field(
    name: str,
    folder: Path,
    questionnaire: Path | None,
    sample: Path | None,
    codes: Path | None,
    open_link: bool,
    sample_data: bool,
) -> None:
    """Freeze the questionnaire, invite the sample, and open survey NAME.

    \b
    Example:  comity survey field trust-2027 --sample sample.csv --codes codes.csv
    """
    if open_link == bool(sample) or bool(sample) != bool(codes):
        raise SurveyCommandError(
            "A survey needs either a sample with a file for its codes, or --open-link.",
            "Give --sample FILE --codes FILE, or --open-link.",
        )
    site = prepare(folder)
    from comity.site.surveys.fielding import field_and_invite
    from comity.site.surveys.questionnaire.bank import standard_questionnaire
    from comity.site.surveys.responses.actions import field_survey

    content = questionnaire.read_bytes() if questionnaire else standard_questionnaire().as_json()
    _freeze(name, content, folder)
    if open_link:
        field_survey(name, content, strata=None, is_sample_data=sample_data)
        click.echo(f"Survey '{name}' is open to anybody who has the link /survey/{name}/.")
        return
    assert sample is not None
    assert codes is not None
    made = field_and_invite(
        name,
        content,
        _cases(sample),
        keys=folder / "keys",
        answers_url=f"{site.answers_url}/survey/{name}/",
        is_sample_data=sample_data,
    )
    write_codes(codes, made)
    click.echo(
        f"Survey '{name}' is open to {len(made):,} invited; their codes are in {codes}. Delete it after printing."
    )


@command.command("open-answers")
@click.argument("name")
@_INSTANCE
@click.option("--questionnaire", type=click.Path(path_type=Path, exists=True), help="Questionnaire file.  [our own]")
@click.option("--strata", help="Names of the sample's strata, with commas between.")
@click.option("--strata-file", type=click.Path(path_type=Path, exists=True), help="File from `comity survey strata` instead.")  # fmt: skip
@click.option("--expected", type=click.IntRange(1), required=True, help="How many people are invited.")
def open_answers(
    name: str, folder: Path, questionnaire: Path | None, strata: str | None, strata_file: Path | None, expected: int
) -> None:
    """The answer page's half of `field`, where another organisation runs the code page.

    \b
    Example:  comity survey open-answers trust-2027 --strata north,south --expected 4000
    """
    if (strata is None) == (strata_file is None):
        raise SurveyCommandError("The sample's strata are not given, or twice.", "Give --strata or --strata-file.")
    given = strata.split(",") if strata else (strata_file or Path()).read_text(encoding="utf-8").splitlines()
    prepare(folder, "answers")
    from comity.site.surveys.fielding import field
    from comity.site.surveys.questionnaire.bank import standard_questionnaire

    content = questionnaire.read_bytes() if questionnaire else standard_questionnaire().as_json()
    _freeze(name, content, folder)
    field(
        name, content, keys=folder / "keys", strata=[each.strip() for each in given if each.strip()], expected=expected
    )
    click.echo(
        f"Survey '{name}' is open. Hand {folder / 'keys' / f'tokens-{name}.key'} to the code page's organisation."
    )


@command.command("invite")
@click.argument("name")
@_INSTANCE
@click.option("--sample", type=click.Path(path_type=Path, exists=True), required=True, help="CSV: case and stratum.")
@click.option("--codes", type=click.Path(path_type=Path), required=True, help="Where to write case and code.")
def invite(name: str, folder: Path, sample: Path, codes: Path) -> None:
    """The code page's half of `field`; the token key must be in keys/ already.

    \b
    Example:  comity survey invite trust-2027 --sample sample.csv --codes codes.csv
    """
    site = prepare(folder, "codes")
    from comity.site.surveys.fielding import invite_sample
    from comity.site.surveys.tokens import TokenKey

    TokenKey.read(folder / "keys", name)
    made = invite_sample(name, _cases(sample), keys=folder / "keys", answers_url=f"{site.answers_url}/survey/{name}/")
    write_codes(codes, made)
    click.echo(f"{len(made):,} are invited to '{name}'; their codes are in {codes}. Delete it after printing.")


@command.command("strata")
@click.argument("sample", type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File for the answer page's organisation.")
def strata(sample: Path, out: Path) -> None:
    """Write what a token of SAMPLE may say, strata and groups, one a line: all that the answer page's organisation needs of it.

    \b
    Example:  comity survey strata sample.csv --out strata.txt
    """
    from comity.cli.survey_options import write_new

    cases = _cases(sample)
    names = sorted({each.stratum for each in cases})
    write_new(out, "".join(f"{name}\n" for name in names).encode())
    click.echo(f"{len(names):,} strata and groups of {len(cases):,} cases in {out}.")


@command.command("close")
@click.argument("name")
@_INSTANCE
def close(name: str, folder: Path) -> None:
    """End survey NAME and seal the whole list of its spent tokens.

    \b
    Example:  comity survey close trust-2027
    """
    prepare(folder)
    from comity.site.surveys.invitations.actions import close_sample
    from comity.site.surveys.responses.actions import close_survey

    close_survey(name)
    close_sample(name)
    _seal(name, folder)


@command.command("seal")
@click.argument("name")
@_INSTANCE
def seal(name: str, folder: Path) -> None:
    """Seal the list of tokens spent so far on survey NAME.

    \b
    Example:  comity survey seal trust-2027
    """
    prepare(folder)
    _seal(name, folder)


@command.command("account")
@click.argument("name")
@_INSTANCE
@click.option("--role", required=True, help="custodian, analyst, interviewer or redactor.")
@click.option("--works-for-police", is_flag=True, help="Only analysts may.")
@click.password_option()
def account(name: str, folder: Path, role: str, works_for_police: bool, password: str) -> None:
    """Make an account for somebody who works on surveys.

    \b
    Example:  comity survey account maria --role custodian
    """
    prepare(folder)
    from comity.site.community.actions import add_account

    add_account(name, role=role, password=password, works_for_police=works_for_police)
    click.echo(f"{name} can sign in at /office/ as {role}.")


def write_codes(path: Path, codes: dict[str, str]) -> None:
    """Case and code of everybody invited, for the letters; for its owner only."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "code"])
        writer.writerows(codes.items())


def _freeze(name: str, questionnaire: bytes, folder: Path) -> None:
    """Seals what will be asked before anybody is asked; the same again changes nothing."""
    from comity.ledger import Signer
    from comity.releases.states import only_publisher
    from comity.site.surveys.questionnaire import read_questionnaire
    from comity.site.surveys.questionnaire.freeze import freeze_questionnaire

    signer = Signer.load(folder / "keys" / "ledger.key")
    with only_publisher(folder):
        path = freeze_questionnaire(
            folder, read_questionnaire(questionnaire), survey=name, signer=signer, today=date.today()
        )
    click.echo(f"The questionnaire is sealed as {path}.")


def prepare(folder: Path, parts: str = "codes,answers") -> Any:
    """Opens the stores of the instance in `folder`; returns its [site] settings."""
    from comity.cli.setting_up import open_site

    return open_site(folder, parts)


def _seal(name: str, folder: Path) -> None:
    from comity.ledger import Signer
    from comity.site.surveys.sealing import seal_receipts

    signer = Signer.load(folder / "keys" / "ledger.key")
    count = seal_receipts(folder, name, signer=signer, today=date.today())
    click.echo(f"The list of {count:,} spent tokens of '{name}' is sealed in the ledger.")


def _cases(path: Path) -> list[Any]:
    from comity.site.surveys.invitations.actions import Case
    from comity.site.surveys.sampling import token_group

    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or "case" not in rows[0]:
        raise SurveyCommandError(f"{path} has no column 'case'.", "Give a CSV file with the columns case and stratum.")
    return [Case(row["case"], token_group(row.get("stratum") or "all", row.get("group") or "")) for row in rows]
