"""The commands of `comity survey` that come after the last answer: themes, results, and rows.

None of them says a share or a score before the promised day; until then they count people, and the release is nobody's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.cli.survey_options import DAY, FILE, OUT, SurveyFileError, read_toml, write_new

if TYPE_CHECKING:
    from comity.instance.settings import Instance
    from comity.site.surveys.results import Results

_INSTANCE = click.option("--instance", "folder", type=FILE, default=Path(), help="The instance folder.  [.]")
_VERSION = click.option("--version", "version", default="1", show_default=True, help="Version of the sealed questionnaire.")  # fmt: skip
_DESIGN = click.option("--design", type=FILE, required=True, help="YAML file of the design and the weighting.")
_ABOUT = click.option("--about", type=FILE, required=True, help="TOML file: how the survey was made.")
_APPROVED = click.option("--approved", type=FILE, help="JSON file of approved texts, from comity survey redact.")


@click.command("results")
@click.argument("survey")
@click.argument("responses", type=FILE)
@_VERSION
@_DESIGN
@_ABOUT
@_APPROVED
@click.option("--themes", "themes_file", type=FILE, help="TOML file of named themes, from comity survey themes.")
@click.option("--rows", help="Publish single responses too: questions an outsider may know, with commas between.")
@click.option("--synthetic", type=int, metavar="SEED", help="With --rows: invented rows instead.")
@_INSTANCE
@click.option("--date", "day", type=DAY, default=None, help="Day of publication, not after today.  [today]")
def results(
    survey: str,
    responses: Path,
    version: str,
    design: Path,
    about: Path,
    approved: Path | None,
    themes_file: Path | None,
    rows: str | None,
    synthetic: int | None,
    folder: Path,
    day: datetime | None,
) -> None:
    """Publish the results of SURVEY from its exported RESPONSES, on the promised day and not before.

    The promised day is the one that is sealed (comity promise), for the agency as for everybody.

    \b
    Example:  comity survey results trust-2027 responses.json --design survey.yaml --about results.toml
    """
    from comity.cli.witness import post
    from comity.instance.witnesses import countersigning, finish_what_waits
    from comity.ledger import Signer
    from comity.releases.states import only_publisher
    from comity.site.surveys.free_text import read_themes
    from comity.site.surveys.results import publish_results, refuse_before_the_day, results_draft, rows_for_release
    from comity.site.surveys.results.about import read_responses

    today = _publication_day(day)
    instance, made, promised = _read(survey, version, design, about, folder)
    refuse_before_the_day(instance.folder, survey, made.period, today=today, stated=promised)
    if themes_file is not None:
        if approved is None:
            raise SurveyFileError("Themes were given without the approved texts.", "Add --approved FILE.")
        named = read_themes(read_toml(themes_file), made.questionnaire.languages)
        made = replace(made, themes=named, approved=_approved(approved))
    given = read_responses(responses)
    draft = replace(results_draft(made, given), is_sample=instance.agency.is_sample)
    if rows is not None:
        attached = rows_for_release(made.questionnaire, given, identifying=rows.split(","), seed=synthetic)
        draft = replace(draft, attachments=[attached])
    with only_publisher(instance.folder):
        finish_what_waits(instance.folder, instance.witnesses, post)
        countersign = countersigning(instance.public, instance.witnesses, post)
        sealed = publish_results(
            instance.folder, draft, signer=Signer.load(instance.key), today=today, countersign=countersign
        )
    click.echo(
        f"{'Published' if sealed.is_new else 'Already public:'} {sealed.release}, {len(draft.findings)} findings."
    )


@click.command("themes")
@click.argument("survey")
@click.argument("responses", type=FILE)
@click.option("--question", required=True, help="Name of the open question.")
@click.option("--count", type=click.IntRange(1, 30), default=8, show_default=True, help="Most themes to look for.")
@click.option("--seed", type=int, default=0, show_default=True)
@_VERSION
@_DESIGN
@_ABOUT
@click.option("--approved", type=FILE, required=True, help="JSON file of approved texts, from comity survey redact.")
@_INSTANCE
@OUT
def themes(
    survey: str,
    responses: Path,
    question: str,
    count: int,
    seed: int,
    version: str,
    design: Path,
    about: Path,
    approved: Path,
    folder: Path,
    out: Path,
) -> None:
    """Find what people wrote about in QUESTION, in approved texts only, for a person to name.

    The file has the words of each theme and how many people wrote of it; shares come with the release, on its day.

    \b
    Example:  comity survey themes trust-2027 responses.json --question open_change --approved texts.json \\
                  --design survey.yaml --about results.toml --out themes.toml
    """
    from comity.site.surveys.free_text import approved_texts, find_themes, themes_toml
    from comity.site.surveys.results import in_order, weighted_survey
    from comity.site.surveys.results.about import read_responses

    _, made, _ = _read(survey, version, design, about, folder)
    asked = made.questionnaire.questions.get(question)
    if asked is None or asked.kind != "text":
        open_ones = [each.name for each in made.questionnaire.questions.values() if each.kind == "text"]
        raise SurveyFileError(f"'{question}' is no open question.", f"There are: {', '.join(open_ones) or 'none'}.")
    given = in_order(read_responses(responses))
    weighted = weighted_survey(
        made.questionnaire, given, made.specification, wave=made.period, sizes=made.sizes,
        minimum=made.policy.minimum, is_clustered=made.is_clustered, clusters=made.clusters,
    )  # fmt: skip
    texts = approved_texts(given, survey=survey, question=question, approved=_approved(approved))
    found = find_themes(weighted, texts, count=count, seed=seed)
    text = themes_toml(question, found, count=count, seed=seed, languages=made.questionnaire.languages)
    write_new(out, text.encode())
    written = sum(bool(each) for each in texts)
    click.echo(f"{len(found)} themes in {written:,} texts. Name them in {out}, then: comity survey results --themes {out}")  # fmt: skip


@click.command("microdata")
@click.argument("survey")
@click.argument("responses", type=FILE)
@click.option("--identifying", required=True, help="Questions an outsider may know, with commas between.")
@click.option("--k", "k", type=click.IntRange(2), default=10, show_default=True, help="Rows that share each combination.")  # fmt: skip
@click.option("--most-withheld", type=click.FloatRange(0, 1), default=0.2, show_default=True)
@click.option("--synthetic", is_flag=True, help="Invented rows that resemble the answers, instead of the answers.")
@click.option("--seed", type=int, default=None, help="For --synthetic: any whole number.")
@_VERSION
@_INSTANCE
@OUT
def microdata(
    survey: str,
    responses: Path,
    identifying: str,
    k: int,
    most_withheld: float,
    synthetic: bool,
    seed: int | None,
    version: str,
    folder: Path,
    out: Path,
) -> None:
    """Write rows of single responses as a release would have them (comity survey results --rows): only those lost in a crowd, or invented.

    \b
    Example:  comity survey microdata trust-2027 responses.json --identifying age_group,gender --out rows.csv
    Invented: comity survey microdata trust-2027 responses.json --identifying age_group,gender --synthetic --seed 1 --out rows.csv
    """
    from comity.disclosure.one_table import as_csv
    from comity.instance.settings import read_instance
    from comity.site.surveys.questionnaire.freeze import sealed_questionnaire
    from comity.site.surveys.results import microdata as protect
    from comity.site.surveys.results import synthetic_rows
    from comity.site.surveys.results.about import read_responses

    if synthetic == (seed is None):
        raise SurveyFileError(
            "Invented rows need a seed, and only they.", "Give --synthetic --seed 1, or neither of them."
        )
    asked = sealed_questionnaire(read_instance(folder).folder, survey, version)
    names, given = identifying.split(","), read_responses(responses)
    if seed is not None:
        rows = synthetic_rows(asked, given, identifying=names, seed=seed)
        write_new(out, as_csv(rows).encode())
        click.echo(f"{rows.num_rows:,} invented rows in {out}. They are nobody's answers: see docs/methods/survey-rows.md.")  # fmt: skip
        return
    found = protect(asked, given, identifying=names, k=k, most_withheld=most_withheld)
    write_new(out, as_csv(found.rows).encode())
    click.echo(
        f"{found.published:,} rows in {out}, {found.withheld:,} withheld; each is like at least {(found.smallest_group or 1) - 1:,} others."
    )


COMMANDS = (results, themes, microdata)


def _read(survey: str, version: str, design: Path, about: Path, folder: Path) -> tuple[Instance, Results, date]:
    """The instance, what the release is made of, and the day that its file states."""
    from comity.estimates import read_specification
    from comity.instance.settings import read_instance
    from comity.site.surveys.questionnaire.freeze import sealed_questionnaire
    from comity.site.surveys.results.about import read_about

    instance = read_instance(folder)
    if instance.agency.is_sample and not survey.startswith("sample"):
        raise SurveyFileError(
            f"The agency is a sample, and the files of 'survey-{survey}' would not say so.",
            f"Call the survey 'sample-{survey}', or remove is_sample.",
        )
    made, promised = read_about(
        read_toml(about),
        survey=survey,
        agency=dict(instance.agency.name),
        questionnaire=sealed_questionnaire(instance.folder, survey, version),
        specification=read_specification(design),
        folder=about.parent,
        sealed=lambda name, number: sealed_questionnaire(instance.folder, name, number),
    )
    return instance, made, promised


def _publication_day(day: datetime | None) -> date:
    """The day of publication. A day to come is refused: a promise is not kept early by saying that it is later."""
    today = date.today()
    if day is not None and day.date() > today:
        raise SurveyFileError(
            f"The day of publication is {day.date()}, and today is {today}.", "Leave --date out, or give a day gone by."
        )
    return day.date() if day else today


def _approved(path: Path) -> Mapping[bytes, str]:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        return {bytes.fromhex(digest): str(text) for digest, text in content["approved"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise SurveyFileError(
            f"{path} is not a file of approved texts.", "Make it with: comity survey redact NAME --approved FILE"
        ) from None
