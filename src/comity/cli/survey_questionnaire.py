"""The commands of `comity survey` on questionnaires: from the question bank to a sealed one, on paper, and keyed in twice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.cli.survey_options import DAY, FILE, OUT, SurveyFileError, day_or_today, pairs_of, write_new

if TYPE_CHECKING:
    from comity.site.surveys.questionnaire import Questionnaire


@click.command("bank", epilog="Example: comity survey bank")
def bank() -> None:
    """List the constructs of the question bank, and for whom they are written."""
    from comity.site.surveys.questionnaire.bank import constructs

    for construct in constructs().values():
        click.echo(f"{construct.name:<20} {', '.join(construct.audiences):<20} {construct.definition['en']}")


@click.command("new")
@click.argument("name")
@click.option("--for", "audience", type=click.Choice(["residents", "contact"]), help="A ready survey of this kind.")
@click.option("--construct", "chosen", multiple=True, help="A construct of the bank, in order; may be repeated.")
@click.option("--title", help="English title.  [the name]")
@OUT
def new(name: str, audience: str | None, chosen: tuple[str, ...], title: str | None, out: Path) -> None:
    """Make a questionnaire NAME from the question bank.

    \b
    Example:  comity survey new trust-2027 --for residents --out trust.json
    """
    from dataclasses import replace

    from comity.site.surveys.questionnaire.bank import contact_questionnaire, make_questionnaire, standard_questionnaire

    if (audience is None) == (not chosen):
        raise SurveyFileError("Say what the survey asks.", "Give --for residents, --for contact, or --construct NAME.")
    if audience:
        ready = standard_questionnaire() if audience == "residents" else contact_questionnaire()
        made = replace(ready, name=name)
    else:
        made = make_questionnaire(name, {"en": title or name, "es": title or name}, chosen)
    write_new(out, made.as_json())
    click.echo(f"{out}: {len(made.questions)} questions on {len(made.groups)} pages. Next: comity survey lint {out}")


@click.command("lint", epilog="Example: comity survey lint trust.json --language es")
@click.argument("questionnaire", type=FILE)
@click.option("--language", default="en", show_default=True, help="Language of the remarks.")
def lint(questionnaire: Path, language: str) -> int:
    """Look for leading, double-barrelled, unbalanced and priming questions, hard words and missing translations.

    Exit code 1 when a text is missing; remarks alone are for you to decide.
    """
    from comity.site.surveys.questionnaire.lint import errors
    from comity.site.surveys.questionnaire.lint import lint as look

    remarks = look(read_any(questionnaire))
    for each in remarks:
        where = f"{each.where} ({each.language})" if each.language else each.where
        click.echo(f"{'error' if each.is_error else 'look at'}  {where}: {each.message.in_language(language)}")
    click.echo(f"{len(errors(remarks))} errors, {len(remarks) - len(errors(remarks))} remarks.")
    return 1 if errors(remarks) else 0


@click.command("import")
@click.argument("form", type=FILE)
@OUT
def import_form(form: Path, out: Path) -> None:
    """Read an XLSForm (.xlsx, .xls, .csv, .md) of another survey tool.

    \b
    Example:  comity survey import household.xlsx --out household.json
    """
    from comity.site.surveys.questionnaire.xlsform import read_xlsform

    imported = read_xlsform(form)
    write_new(out, imported.questionnaire.as_json())
    for note in imported.notes:
        click.echo(note)
    click.echo(f"{out}: {len(imported.questionnaire.questions)} questions. Next: comity survey lint {out}")


@click.command("export", epilog="Example: comity survey export trust.json --out trust.xlsx")
@click.argument("questionnaire", type=FILE)
@OUT
def export_form(questionnaire: Path, out: Path) -> None:
    """Write a questionnaire as an XLSForm: .xlsx for other tools, or .md to read and compare."""
    from comity.site.surveys.questionnaire.xlsform import write_xlsform, write_xlsform_text

    made = read_any(questionnaire)
    if out.suffix not in (".xlsx", ".md"):
        raise SurveyFileError(f"'{out.name}' is neither .xlsx nor .md.", "Give a name that ends in one of them.")
    write_new(out, write_xlsform(made) if out.suffix == ".xlsx" else write_xlsform_text(made).encode())


@click.command("freeze", epilog="Example: comity survey freeze trust-2027 trust.json --instance our-town")
@click.argument("survey")
@click.argument("questionnaire", type=FILE)
@click.option("--instance", "folder", type=FILE, default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=DAY, default=None, help="Date of the entry.  [today]")
def freeze(survey: str, questionnaire: Path, folder: Path, day: datetime | None) -> None:
    """Seal the questionnaire of SURVEY into the public folder, before anybody is asked. Nothing of it changes after that."""
    from comity.instance.settings import read_instance
    from comity.ledger import Signer
    from comity.releases.states import only_publisher
    from comity.site.surveys.questionnaire.freeze import freeze_questionnaire

    instance = read_instance(folder)
    made = read_any(questionnaire)
    with only_publisher(instance.folder):
        path = freeze_questionnaire(
            instance.folder, made, survey=survey, signer=Signer.load(instance.key), today=day_or_today(day)
        )
    click.echo(f"Sealed as {path}, SHA-256 {made.digest}.")


@click.command(
    "paper", epilog="Example: comity survey paper trust.json --language es --arm fear_list=control --out form.pdf"
)
@click.argument("questionnaire", type=FILE)
@click.option("--language", default="en", show_default=True)
@click.option("--arm", multiple=True, metavar="SPLIT=ARM", help="The arm of a split ballot; may be repeated.")
@click.option("--paper", "size", type=click.Choice(["us-letter", "a4"]), default="us-letter", show_default=True)
@OUT
def paper(questionnaire: Path, language: str, arm: tuple[str, ...], size: Any, out: Path) -> None:
    """Print the paper form of a questionnaire as a PDF."""
    from comity.site.surveys.print import paper_form

    write_new(out, paper_form(read_any(questionnaire), language=language, arms=pairs_of(arm), paper=size))


@click.command("compare", epilog="Example: comity survey compare trust.json first.csv second.csv --out agreed.json")
@click.argument("questionnaire", type=FILE)
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
@click.option("--out", type=FILE, help="JSON file for the answers that both agree on.")
def compare(questionnaire: Path, first: Path, second: Path, out: Path | None) -> int:
    """Compare what two people typed from the same paper forms; which fields to look up is printed, never what was answered.

    Exit code 1 while a form is left to look up.
    """
    import json

    from comity.site.surveys.keying import compare_keyings
    from comity.site.surveys.sampling import read_frame

    keyed = compare_keyings(read_any(questionnaire), read_frame(first).rows, read_frame(second).rows)
    for each in keyed.differences:
        click.echo(f"form {each.form}: {each.question} differs")
    for form in keyed.only_once:
        click.echo(f"form {form}: typed by one person only")
    for form, problems in keyed.problems.items():
        for problem in problems:
            click.echo(f"form {form}: {problem.question}: {problem.message.in_language('en')}")
    click.echo(f"{len(keyed.forms):,} forms agree; {keyed.error_rate:.2%} of {keyed.compared:,} fields differ.")
    if out is not None:
        write_new(out, json.dumps(keyed.forms, ensure_ascii=False, sort_keys=True).encode())
    return 1 if keyed.differences or keyed.only_once or keyed.problems else 0


COMMANDS = (bank, new, lint, import_form, export_form, freeze, paper, compare)


def read_any(path: Path) -> Questionnaire:
    """A questionnaire file, or an XLSForm."""
    from comity.site.surveys.questionnaire import read_questionnaire
    from comity.site.surveys.questionnaire.xlsform import read_xlsform

    if not path.is_file():
        raise SurveyFileError(f"There is no file {path}.", "Check its name.")
    if path.suffix in (".xlsx", ".xls", ".csv", ".md"):
        return read_xlsform(path).questionnaire
    return read_questionnaire(path.read_bytes())
