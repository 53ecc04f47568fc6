"""The commands of `comity survey` on people: who is drawn, their letters, and whom to remind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.cli.survey_options import DAY, FILE, OUT, SEED, SurveyFileError, pairs_of, read_toml, refuse_to_overwrite

if TYPE_CHECKING:
    from comity.site.surveys.sampling import Sample


@click.command("sample")
@click.argument("frame", type=FILE)
@click.option("--n", type=click.IntRange(1), required=True, help="Addresses to draw.")
@click.option("--stratum", "strata", multiple=True, help="Column of strata; may be repeated.")
@click.option("--oversample", multiple=True, metavar="STRATUM=FACTOR", help="Draw a stratum at a higher rate.")
@click.option("--psu", help="Column of the first-stage units, such as blocks.")
@click.option("--per-psu", type=click.IntRange(1), help="Addresses to draw in each.")
@click.option("--group-of", type=int, default=100, show_default=True, help="Least people in a group of PSUs; 0 for no groups.")  # fmt: skip
@SEED
@OUT
def sample(
    frame: Path,
    n: int,
    strata: tuple[str, ...],
    oversample: tuple[str, ...],
    psu: str | None,
    per_psu: int | None,
    group_of: int,
    seed: int,
    out: Path,
) -> None:
    """Draw addresses from the CSV file FRAME, each with a known chance.

    \b
    Example:  comity survey sample addresses.csv --n 2000 --stratum district --oversample north=2 --seed 7 --out sample.csv
    """
    from comity.site.surveys.sampling import Plan, draw_sample, read_frame

    plan = Plan(n=n, strata=strata, oversample=_factors(oversample), psu=psu, per_psu=per_psu or 0, group_of=group_of)
    _write_sample(out, draw_sample(read_frame(frame), plan, seed=seed))


@click.command("numbers", epilog="Example: comity survey numbers 61255501 61255502 --n 500 --seed 1 --out numbers.csv")
@click.argument("blocks", nargs=-1, required=True)
@click.option("--n", type=click.IntRange(1), required=True, help="Telephone numbers to draw.")
@click.option("--never", type=FILE, help="File of numbers that must not be called, one a line.")
@SEED
@OUT
def numbers(blocks: tuple[str, ...], n: int, never: Path | None, seed: int, out: Path) -> None:
    """Draw random telephone numbers from BLOCKS of a hundred (their first eight digits)."""
    from comity.site.surveys.sampling import draw_numbers

    _write_sample(out, draw_numbers(blocks, n, seed=seed, never=_lines(never)))


@click.command(
    "contacts",
    epilog="Example: comity survey contacts list.csv --person id --role role --offense offense --relationship relation --seed 1 --out sample.csv",
)
@click.argument("contacts_file", metavar="LIST", type=FILE)
@click.option("--person", required=True, help="Column of who it is.")
@click.option("--role", required=True, help="Column of victim, driver, caller and so on.")
@click.option("--offense", required=True, help="Column of the offence or kind of call.")
@click.option("--relationship", required=True, help="Column of the relationship of victim and offender.")
@click.option("--day", help="Column of the day, YYYY-MM-DD.")
@click.option("--from", "first", type=DAY, help="First day that counts.")
@click.option("--to", "last", type=DAY, help="Last day that counts.")
@click.option("--age", help="Column of the age in years.")
@click.option("--never", type=FILE, help="File of people who asked not to be contacted, one a line.")
@click.option("--draw", type=click.IntRange(1), help="Invite only so many of them, by chance.")
@SEED
@OUT
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
@click.argument("sample_file", metavar="SAMPLE", type=FILE)
@click.option("--codes", type=FILE, required=True, help="CSV with the columns case and code.")
@click.option("--texts", type=FILE, required=True, help="TOML file of what only this survey knows.")
@click.option("--address", required=True, help="Columns of the lines of an address, such as name,street,city+zip.")
@click.option("--wave", type=click.Choice(["first", "reminder", "last"]), default="first", show_default=True)
@click.option("--paper", type=click.Choice(["us-letter", "a4"]), default="us-letter", show_default=True)
@click.option("--out", "folder", type=FILE, required=True, help="Folder for the PDF files.")
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
    content = read_toml(texts)
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
@click.argument("sample_file", metavar="SAMPLE", type=FILE)
@click.option(
    "--outcomes", type=FILE, required=True, help="CSV with the columns case and outcome (I, P, RF, NC, OT, NE)."
)
@click.option("--visit", type=float, help="Draw this share of them for a visit or a call instead.")
@click.option("--seed", type=int, default=None, help="For --visit: any whole number.")
@OUT
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
    refuse_to_overwrite(out)
    write_private_csv(out, frame.columns, left)
    click.echo(f"{len(left):,} of {len(frame.rows):,} cases in {out}.")


COMMANDS = (sample, numbers, contacts, letters, remind)


def _write_sample(path: Path, drawn: Sample) -> None:
    from comity.site.surveys.sampling import write_private_csv

    refuse_to_overwrite(path)
    write_private_csv(path, drawn.columns, drawn.rows)
    for stratum, (listed, n) in drawn.sizes.items():
        click.echo(f"{stratum}: {n:,} of {listed:,}")
    if groups := len({(row["stratum"], row["group"]) for row in drawn.rows if row.get("group")}):
        click.echo(f"{groups:,} groups of PSUs; an answer will say its group, and intervals rest on them.")
    click.echo(f"{len(drawn.rows):,} cases in {path}.")


def _factors(pairs: tuple[str, ...]) -> dict[str, float]:
    try:
        return {name: float(value) for name, value in pairs_of(pairs).items()}
    except ValueError:
        raise SurveyFileError("An oversample has no number.", "Write it as north=2.") from None


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


def _shown(code: str) -> str:
    """ABCDE-FGHJK, as people copy it more easily."""
    return f"{code[:5]}-{code[5:]}" if len(code) == 10 and "-" not in code else code
