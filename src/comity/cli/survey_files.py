"""The commands of `comity survey` that work on files alone: questionnaires, samples, letters, paper, and results."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.errors import ComityError

if TYPE_CHECKING:
    from comity.site.surveys.keying import Keyed
    from comity.site.surveys.questionnaire import Questionnaire
    from comity.site.surveys.sampling import Sample

_FILE = click.Path(path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
_OUT = click.option("--out", type=_FILE, required=True, help="File to write; it must not exist.")
_SEED = click.option("--seed", type=int, required=True, help="Any whole number; keep it, to draw the same again.")


class SurveyFileError(ComityError):
    """A survey command was given files it cannot use."""


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
@_OUT
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
    _write(out, made.as_json())
    click.echo(f"{out}: {len(made.questions)} questions on {len(made.groups)} pages. Next: comity survey lint {out}")


@click.command("lint", epilog="Example: comity survey lint trust.json --language es")
@click.argument("questionnaire", type=_FILE)
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
@click.argument("form", type=_FILE)
@_OUT
def import_form(form: Path, out: Path) -> None:
    """Read an XLSForm (.xlsx, .xls, .csv, .md) of another survey tool.

    \b
    Example:  comity survey import household.xlsx --out household.json
    """
    from comity.site.surveys.questionnaire.xlsform import read_xlsform

    imported = read_xlsform(form)
    _write(out, imported.questionnaire.as_json())
    for note in imported.notes:
        click.echo(note)
    click.echo(f"{out}: {len(imported.questionnaire.questions)} questions. Next: comity survey lint {out}")


@click.command("export", epilog="Example: comity survey export trust.json --out trust.xlsx")
@click.argument("questionnaire", type=_FILE)
@_OUT
def export_form(questionnaire: Path, out: Path) -> None:
    """Write a questionnaire as an XLSForm: .xlsx for other tools, or .md to read and compare."""
    from comity.site.surveys.questionnaire.xlsform import write_xlsform, write_xlsform_text

    made = read_any(questionnaire)
    if out.suffix not in (".xlsx", ".md"):
        raise SurveyFileError(f"'{out.name}' is neither .xlsx nor .md.", "Give a name that ends in one of them.")
    _write(out, write_xlsform(made) if out.suffix == ".xlsx" else write_xlsform_text(made).encode())


@click.command("freeze", epilog="Example: comity survey freeze trust-2027 trust.json --instance our-town")
@click.argument("survey")
@click.argument("questionnaire", type=_FILE)
@click.option("--instance", "folder", type=_FILE, default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=_DAY, default=None, help="Date of the entry.  [today]")
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
            instance.folder, made, survey=survey, signer=Signer.load(instance.key), today=_today(day)
        )
    click.echo(f"Sealed as {path}, SHA-256 {made.digest}.")


@click.command("sample")
@click.argument("frame", type=_FILE)
@click.option("--n", type=click.IntRange(1), required=True, help="Addresses to draw.")
@click.option("--stratum", "strata", multiple=True, help="Column of strata; may be repeated.")
@click.option("--oversample", multiple=True, metavar="STRATUM=FACTOR", help="Draw a stratum at a higher rate.")
@click.option("--psu", help="Column of the first-stage units, such as blocks.")
@click.option("--per-psu", type=click.IntRange(1), help="Addresses to draw in each.")
@_SEED
@_OUT
def sample(
    frame: Path,
    n: int,
    strata: tuple[str, ...],
    oversample: tuple[str, ...],
    psu: str | None,
    per_psu: int | None,
    seed: int,
    out: Path,
) -> None:
    """Draw addresses from the CSV file FRAME, each with a known chance.

    \b
    Example:  comity survey sample addresses.csv --n 2000 --stratum district --oversample north=2 --seed 7 --out sample.csv
    """
    from comity.site.surveys.sampling import Plan, draw_sample, read_frame

    plan = Plan(n=n, strata=strata, oversample=_factors(oversample), psu=psu, per_psu=per_psu or 0)
    _write_sample(out, draw_sample(read_frame(frame), plan, seed=seed))


@click.command("numbers", epilog="Example: comity survey numbers 61255501 61255502 --n 500 --seed 1 --out numbers.csv")
@click.argument("blocks", nargs=-1, required=True)
@click.option("--n", type=click.IntRange(1), required=True, help="Telephone numbers to draw.")
@click.option("--never", type=_FILE, help="File of numbers that must not be called, one a line.")
@_SEED
@_OUT
def numbers(blocks: tuple[str, ...], n: int, never: Path | None, seed: int, out: Path) -> None:
    """Draw random telephone numbers from BLOCKS of a hundred (their first eight digits)."""
    from comity.site.surveys.sampling import draw_numbers

    _write_sample(out, draw_numbers(blocks, n, seed=seed, never=_lines(never)))


@click.command(
    "contacts",
    epilog="Example: comity survey contacts list.csv --person id --role role --offense offense --relationship relation --seed 1 --out sample.csv",
)
@click.argument("contacts_file", metavar="LIST", type=_FILE)
@click.option("--person", required=True, help="Column of who it is.")
@click.option("--role", required=True, help="Column of victim, driver, caller and so on.")
@click.option("--offense", required=True, help="Column of the offence or kind of call.")
@click.option("--relationship", required=True, help="Column of the relationship of victim and offender.")
@click.option("--day", help="Column of the day, YYYY-MM-DD.")
@click.option("--from", "first", type=_DAY, help="First day that counts.")
@click.option("--to", "last", type=_DAY, help="Last day that counts.")
@click.option("--age", help="Column of the age in years.")
@click.option("--never", type=_FILE, help="File of people who asked not to be contacted, one a line.")
@click.option("--draw", type=click.IntRange(1), help="Invite only so many of them, by chance.")
@_SEED
@_OUT
def contacts(
    contacts_file: Path,
    person: str,
    role: str,
    offense: str,
    relationship: str,
    day: str | None,
    first: datetime | None,
    last: datetime | None,
    age: str | None,
    never: Path | None,
    draw: int | None,
    seed: int,
    out: Path,
) -> None:
    """Everyone in LIST who had a contact, less those whom a letter could put in danger; an account of every row is printed."""
    from comity.site.surveys.sampling import ContactRules, read_frame, select_contacts

    rules = ContactRules(
        person=person,
        role=role,
        offense=offense,
        relationship=relationship,
        day=day,
        from_day=first.date() if first else None,
        to_day=last.date() if last else None,
        age=age,
        never=frozenset(_lines(never)),
    )
    chosen, account = select_contacts(read_frame(contacts_file), rules, drawn=draw, seed=seed)
    for reason, rows in sorted(account.items(), key=lambda each: -each[1]):
        click.echo(f"{rows:>8,}  {reason}")
    _write_sample(out, chosen)


@click.command("letters")
@click.argument("sample_file", metavar="SAMPLE", type=_FILE)
@click.option("--codes", type=_FILE, required=True, help="CSV with the columns case and code.")
@click.option("--texts", type=_FILE, required=True, help="TOML file of what only this survey knows.")
@click.option("--address", required=True, help="Columns of the lines of an address, such as name,street,city+zip.")
@click.option("--wave", type=click.Choice(["first", "reminder", "last"]), default="first", show_default=True)
@click.option("--paper", type=click.Choice(["us-letter", "a4"]), default="us-letter", show_default=True)
@click.option("--out", "folder", type=_FILE, required=True, help="Folder for the PDF files.")
def letters(sample_file: Path, codes: Path, texts: Path, address: str, wave: Any, paper: Any, folder: Path) -> None:
    """Print a letter a case of SAMPLE, in both languages, with a QR code and a code to type.

    \b
    Example:  comity survey letters sample.csv --codes codes.csv --texts letter.toml --address name,street,city+zip --out letters
    """
    from comity.cli.progress import shown_progress
    from comity.site.surveys.print import Letter, LetterTexts, address_lines, write_letters
    from comity.site.surveys.sampling import read_frame

    frame = read_frame(sample_file)
    columns = address.split(",")
    frame.need("case", *(name for line in columns for name in line.split("+")))
    of_case = {row["case"]: row["code"] for row in _need(codes, "case", "code")}
    missing = [row["case"] for row in frame.rows if row["case"] not in of_case]
    if missing:
        raise SurveyFileError(
            f"Case {missing[0]} of {sample_file} has no code in {codes}.", "Make the codes of this sample."
        )
    content = _toml(texts)
    try:
        about = LetterTexts(**content)
    except TypeError as error:
        raise SurveyFileError(f"{texts} does not fit: {error}.", "See docs/how-to/run-a-survey.md.") from None
    made = [
        Letter(row["case"], address_lines(row, columns), _shown(of_case[row["case"]]), row.get("language", ""))
        for row in frame.rows
    ]
    with shown_progress() as progress:
        written = write_letters(folder, made, about, wave=wave, paper=paper, progress=progress)
    click.echo(f"{len(made):,} letters in {len(written)} files in {folder}. Delete {codes} once they are printed.")


@click.command("remind", epilog="Example: comity survey remind sample.csv --outcomes outcomes.csv --out again.csv")
@click.argument("sample_file", metavar="SAMPLE", type=_FILE)
@click.option(
    "--outcomes", type=_FILE, required=True, help="CSV with the columns case and outcome (I, P, RF, NC, OT, NE)."
)
@click.option("--visit", type=float, help="Draw this share of them for a visit or a call instead.")
@click.option("--seed", type=int, default=None, help="For --visit: any whole number.")
@_OUT
def remind(sample_file: Path, outcomes: Path, visit: float | None, seed: int | None, out: Path) -> None:
    """List the cases of SAMPLE that may still answer, for a reminder, or a random share of them for more effort."""
    from comity.site.surveys.sampling import draw_follow_up, read_frame, reminder_list, write_private_csv

    frame = read_frame(sample_file)
    frame.need("case")
    known = {row["case"]: row["outcome"] for row in _need(outcomes, "case", "outcome")}
    left = reminder_list(
        frame.rows, answered=[case for case, outcome in known.items() if outcome == "I"], outcomes=known
    )
    if visit is not None:
        if seed is None:
            raise SurveyFileError("A random share needs a seed.", "Add --seed with any whole number.")
        left = list(draw_follow_up(left, share=visit, seed=seed))
    _refuse_to_overwrite(out)
    write_private_csv(out, frame.columns, left)
    click.echo(f"{len(left):,} of {len(frame.rows):,} cases in {out}.")


@click.command(
    "paper", epilog="Example: comity survey paper trust.json --language es --arm fear_list=control --out form.pdf"
)
@click.argument("questionnaire", type=_FILE)
@click.option("--language", default="en", show_default=True)
@click.option("--arm", multiple=True, metavar="SPLIT=ARM", help="The arm of a split ballot; may be repeated.")
@click.option("--paper", "size", type=click.Choice(["us-letter", "a4"]), default="us-letter", show_default=True)
@_OUT
def paper(questionnaire: Path, language: str, arm: tuple[str, ...], size: Any, out: Path) -> None:
    """Print the paper form of a questionnaire as a PDF."""
    from comity.site.surveys.print import paper_form

    _write(out, paper_form(read_any(questionnaire), language=language, arms=_pairs(arm), paper=size))


@click.command("compare", epilog="Example: comity survey compare trust.json first.csv second.csv --out agreed.json")
@click.argument("questionnaire", type=_FILE)
@click.argument("first", type=_FILE)
@click.argument("second", type=_FILE)
@click.option("--out", type=_FILE, help="JSON file for the answers that both agree on.")
def compare(questionnaire: Path, first: Path, second: Path, out: Path | None) -> int:
    """Compare what two people typed from the same paper forms; which fields to look up is printed, never what was answered.

    Exit code 1 while a form is left to look up.
    """
    import json

    from comity.site.surveys.keying import compare_keyings
    from comity.site.surveys.sampling import read_frame

    keyed = compare_keyings(read_any(questionnaire), read_frame(first).rows, read_frame(second).rows)
    show_keyed(keyed)
    if out is not None:
        _write(out, json.dumps(keyed.forms, ensure_ascii=False, sort_keys=True).encode())
    return 0 if keyed.is_settled else 1


@click.command("results")
@click.argument("survey")
@click.argument("responses", type=_FILE)
@click.option("--version", "version", default="1", show_default=True, help="Version of the sealed questionnaire.")
@click.option("--design", type=_FILE, required=True, help="YAML file of the design and the weighting.")
@click.option("--about", type=_FILE, required=True, help="TOML file: how the survey was made.")
@click.option("--outcomes", type=_FILE, help="What became of the invited, from `comity survey outcomes`.")
@click.option("--instance", "folder", type=_FILE, default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=_DAY, default=None, help="Day of publication.  [today]")
def results(
    survey: str,
    responses: Path,
    version: str,
    design: Path,
    about: Path,
    outcomes: Path | None,
    folder: Path,
    day: datetime | None,
) -> None:
    """Publish the results of SURVEY from its exported RESPONSES, on the promised day and not before.

    \b
    Example:  comity survey results trust-2027 responses.json --design survey.yaml --about results.toml
    """
    import json

    from comity.estimates import read_specification
    from comity.instance.settings import read_instance
    from comity.ledger import Signer
    from comity.releases.states import only_publisher
    from comity.releases.watermark import watermarked
    from comity.site.surveys.questionnaire.freeze import sealed_questionnaire
    from comity.site.surveys.results import publish_results, results_draft
    from comity.site.surveys.results.draft import read_about

    instance = read_instance(folder)
    asked = sealed_questionnaire(instance.folder, survey, version)
    try:
        given = json.loads(responses.read_bytes())
    except (OSError, ValueError):
        raise SurveyFileError(f"{responses} holds no exported responses.", "Export them again, as JSON.") from None
    given = given["responses"] if isinstance(given, dict) else given
    content = _toml(about)
    if outcomes is not None:
        content["cases"] = _cases(outcomes, survey, given, asked)
    made, promised = read_about(
        content,
        survey=survey,
        agency=dict(instance.agency.name),
        questionnaire=asked,
        specification=read_specification(design),
    )
    draft = results_draft(made, given)
    if instance.agency.is_sample:
        draft = watermarked(draft)
    with only_publisher(instance.folder):
        sealed = publish_results(
            instance.folder, draft, promised=promised, signer=Signer.load(instance.key), today=_today(day)
        )
    click.echo(
        f"{'Published' if sealed.is_new else 'Already public:'} {sealed.release}, {len(draft.findings)} findings."
    )


COMMANDS = (
    bank,
    new,
    lint,
    import_form,
    export_form,
    freeze,
    sample,
    numbers,
    contacts,
    letters,
    remind,
    paper,
    compare,
    results,
)


def _cases(path: Path, survey: str, responses: list[dict[str, Any]], asked: Questionnaire) -> dict[str, int]:
    """{outcome: cases} of the invited, settled with the responses that came."""
    import json

    from comity.site.surveys.sampling.outcomes import settle_outcomes

    try:
        counted = json.loads(path.read_bytes())
    except (OSError, ValueError):
        counted = {}
    if not isinstance(counted, dict) or counted.get("survey") != survey or not isinstance(counted.get("strata"), dict):
        raise SurveyFileError(
            f"{path} does not say what became of the invited of '{survey}'.",
            f"Make it where the codes are: comity survey outcomes {survey} --out {path.name}.",
        )
    return settle_outcomes(counted["strata"], responses, asked)


def show_keyed(keyed: Keyed) -> None:
    """Prints which forms and fields to look up on the paper, never what was answered."""
    for each in keyed.differences:
        click.echo(f"form {each.form}: {each.question} differs")
    for form in keyed.only_once:
        click.echo(f"form {form}: typed by one person only")
    for form, problems in keyed.problems.items():
        for problem in problems:
            click.echo(f"form {form}: {problem.question}: {problem.message.in_language('en')}")
    click.echo(f"{len(keyed.forms):,} forms agree; {keyed.error_rate:.2%} of {keyed.compared:,} fields differ.")


def read_any(path: Path) -> Questionnaire:
    """A questionnaire file, or an XLSForm."""
    from comity.site.surveys.questionnaire import read_questionnaire
    from comity.site.surveys.questionnaire.xlsform import read_xlsform

    if not path.is_file():
        raise SurveyFileError(f"There is no file {path}.", "Check its name.")
    if path.suffix in (".xlsx", ".xls", ".csv", ".md"):
        return read_xlsform(path).questionnaire
    return read_questionnaire(path.read_bytes())


def _today(day: datetime | None) -> date:
    return day.date() if day else date.today()


def _write(path: Path, data: bytes) -> None:
    from comity.releases.states import write_file

    _refuse_to_overwrite(path)
    write_file(path, data)


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise SurveyFileError(f"{path} is there already.", "Give another name, or move it away.")
    if not path.parent.is_dir():
        raise SurveyFileError(f"There is no folder {path.parent}.", "Make it first.")


def _write_sample(path: Path, drawn: Sample) -> None:
    from comity.site.surveys.sampling import write_private_csv

    _refuse_to_overwrite(path)
    write_private_csv(path, drawn.columns, drawn.rows)
    for stratum, (listed, n) in drawn.sizes.items():
        click.echo(f"{stratum}: {n:,} of {listed:,}")
    click.echo(f"{len(drawn.rows):,} cases in {path}.")


def _factors(pairs: tuple[str, ...]) -> dict[str, float]:
    try:
        return {name: float(value) for name, value in _pairs(pairs).items()}
    except ValueError:
        raise SurveyFileError("An oversample has no number.", "Write it as north=2.") from None


def _pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    if not all("=" in each for each in pairs):
        raise SurveyFileError("A pair has no '='.", "Write it as name=value.")
    return dict(each.rsplit("=", 1) for each in pairs)


def _lines(path: Path | None) -> list[str]:
    return (
        []
        if path is None
        else [each.strip() for each in path.read_text(encoding="utf-8-sig").splitlines() if each.strip()]
    )


def _need(path: Path, *columns: str) -> list[Mapping[str, str]]:
    from comity.site.surveys.sampling import read_frame

    frame = read_frame(path)
    frame.need(*columns)
    return list(frame.rows)


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SurveyFileError(f"There is no file {path}.", "See docs/how-to/run-a-survey.md for an example.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SurveyFileError(f"{path} is not valid TOML ({error}).", "Check quotes and equal signs.") from None


def _shown(code: str) -> str:
    """ABCDE-FGHJK, as people copy it more easily."""
    return f"{code[:5]}-{code[5:]}" if len(code) == 10 and "-" not in code else code
