"""The ballot paper of a consultation, and what is on the ballots that came back.

A ballot paper is a questionnaire of the surveys, so that ballots are as unlinkable as survey answers: a code buys a blind
token, a token one ballot, and neither an order nor a time is stored. docs/methods/unlinkable-responses.md has the argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from comity.priorities import Ballot, Election, Project, Votes, gather_votes
from comity.site.planning.models import Consultation, Contribution
from comity.site.surveys.questionnaire import Choice, Group, Question, Questionnaire, Texts, read_questionnaire

BUDGETS = (Consultation.Kind.APPROVAL, Consultation.Kind.RANKING, Consultation.Kind.KNAPSACK)
A_PAGE = 10  # statements or pairs
NEIGHBOURS = 3  # with how many others each item is paired where not all pairs are asked
ALL_PAIRS = 6  # items, up to which every pair is asked
PART = "part"
MOST_OPTIONS = 60
VOTES = {"agree": 1, "pass": 0, "disagree": -1}

Response = Mapping[str, Any]


def ballot_paper(
    consultation: Consultation, published: Sequence[Contribution], places: Sequence[tuple[str, str]]
) -> Questionnaire:
    """The questionnaire of `consultation` with the contributions `published`.

    places: (slug, name) of the parts of town that a voter may name, or none: the result says what each part got.
    """
    if consultation.kind == Consultation.Kind.STATEMENTS:
        groups = _statements(published)
    elif consultation.kind == Consultation.Kind.PAIRS:
        groups = _pairs(published)
    else:
        groups = [_projects(consultation, published)]
    if len(places) > 1:
        groups.append(_about_you(places))
    public = _both(
        "Your ballot is secret. When all are counted, the ballots are published without anything about who gave them.",
        "Su voto es secreto. Cuando todos estén contados, los votos se publican sin nada que diga de quién son.",
    )
    secret = _both("Your ballot is secret.", "Su voto es secreto.")
    note = public if consultation.publishes_ballots else secret
    return Questionnaire(
        name=f"consultation_{consultation.pk}",
        title=_same(consultation.question),
        version="1",
        languages=("en", "es"),
        introduction={code: " ".join(filter(None, (consultation.explanation, said))) for code, said in note.items()},
        thanks=_both("Thank you. Your ballot is counted.", "Gracias. Su voto está contado."),
        groups=tuple(groups),
    )


def pairs_to_ask(items: Sequence[str]) -> list[tuple[str, str]]:
    """Every pair of a few items; of many, each with the next ones around a circle, so that all hang together."""
    count = len(items)
    if count <= ALL_PAIRS:
        return [(items[i], items[j]) for i in range(count) for j in range(i + 1, count)]
    return [(items[i], items[(i + step) % count]) for step in range(1, NEIGHBOURS + 1) for i in range(count)]


def election(
    consultation: Consultation, published: Sequence[Contribution], responses: Sequence[Response]
) -> tuple[Election, int]:
    """The election that the responses make, and how many ballots were blank; blank ones are not in it.

    Ballots are numbered in the order of the responses, which says nothing about when they came.
    """
    projects = tuple(
        Project(str(each.number), Fraction(each.cost or 0), each.text, {"category": ""}) for each in published
    )
    known = {each.id for each in projects}
    parts = _part_names(consultation)
    kind = {Consultation.Kind.RANKING: "ordinal"}.get(Consultation.Kind(consultation.kind), consultation.kind)
    ballots = []
    for response in responses:
        chosen = [name[1:] for name in response["answers"].get("choice") or () if name[1:] in known]
        if not chosen:
            continue
        points = {each: Fraction(len(chosen) - place if kind == "ordinal" else 1) for place, each in enumerate(chosen)}
        ballots.append(Ballot(str(len(ballots) + 1), points, tuple(chosen), {PART: _part_of(response, parts)}))
    meta = {
        "description": consultation.question,
        "rule": "greedy" if consultation.rule == Consultation.Rule.GREEDY else "equalshares",
    }
    assert consultation.budget is not None  # a constraint of the table
    made = Election(Fraction(consultation.budget), projects, tuple(ballots), str(kind), meta)
    return made, len(responses) - len(ballots)


def statement_votes(published: Sequence[Contribution], responses: Sequence[Response]) -> Votes:
    """Who voted how on which statement; voters are numbered in the order of the responses."""
    texts = {str(each.number): each.text for each in published}
    given = {
        (str(voter), name[1:]): VOTES[answer]
        for voter, response in enumerate(responses, 1)
        for name, answer in response["answers"].items()
        if name[1:] in texts and answer in VOTES
    }
    return gather_votes(given, texts)


def comparisons(published: Sequence[Contribution], responses: Sequence[Response]) -> list[tuple[str, str]]:
    """(preferred, other) of every pair that was answered."""
    asked = {f"q{one}_{other}": (one, other) for one, other in pairs_to_ask([str(each.number) for each in published])}
    found = []
    for response in responses:
        for name, answer in response["answers"].items():
            if name in asked and answer[1:] in asked[name]:
                one, other = asked[name]
                found.append((answer[1:], other if answer[1:] == one else one))
    return found


def _part_of(response: Response, parts: Mapping[str, str]) -> str:
    """The part of town that a voter named, "" where they did not; where none was asked for, the one of their letter."""
    return parts.get(response["answers"].get(PART, ""), "") if parts else str(response.get("stratum", ""))


def _part_names(consultation: Consultation) -> dict[str, str]:
    question = read_questionnaire(consultation.questionnaire.encode()).questions.get(PART)
    return {each.name: each.label["en"] for each in question.choices if not each.is_missing} if question else {}


def _statements(published: Sequence[Contribution]) -> list[Group]:
    answers = (
        Choice(name="agree", label=_both("Agree", "De acuerdo")),
        Choice(name="disagree", label=_both("Disagree", "En desacuerdo")),
        Choice(name="pass", label=_both("Pass", "Paso")),
    )
    asked = [
        Question(name=f"s{each.number}", kind="select_one", label=_same(each.text), choices=answers)
        for each in published
    ]
    return _pages(asked, _both("What do you think of these statements?", "¿Qué le parecen estas frases?"))


def _pairs(published: Sequence[Contribution]) -> list[Group]:
    options = {str(each.number): Choice(name=f"o{each.number}", label=_same(each.text)) for each in published}
    asked = [
        Question(
            name=f"q{one}_{other}",
            kind="select_one",
            label=_both("Which of the two comes first?", "¿Cuál de las dos va primero?"),
            choices=(options[one], options[other]),
            randomise_choices=True,
        )
        for one, other in pairs_to_ask(list(options))
    ]
    return _pages(asked, _both("Two at a time", "De dos en dos"))


def _pages(questions: Sequence[Question], heading: Texts) -> list[Group]:
    return [
        Group(
            name=f"page{at // A_PAGE + 1}",
            label=heading,
            questions=tuple(questions[at : at + A_PAGE]),
            randomise_order=True,
        )
        for at in range(0, len(questions), A_PAGE)
    ]


def _projects(consultation: Consultation, published: Sequence[Contribution]) -> Group:
    choices = tuple(Choice(name=f"p{each.number}", label=_same(f"{each.text} ({each.cost:,})")) for each in published)
    if consultation.kind == Consultation.Kind.RANKING:
        label = _both(
            "Put the projects you are for in order: 1 is the first. Leave the others empty.",
            "Ordene los proyectos que apoya: 1 es el primero. Deje los demás en blanco.",
        )
        question = Question(name="choice", kind="rank", label=label, choices=choices, randomise_choices=True)
    elif consultation.kind == Consultation.Kind.APPROVAL:
        label = _both("Mark every project you are for.", "Marque todos los proyectos que apoya.")
        question = Question(name="choice", kind="select_multiple", label=label, choices=choices, randomise_choices=True)
    else:
        label = _both(
            f"Mark the projects you would spend the {consultation.budget:,} on.",
            f"Marque los proyectos en los que gastaría los {consultation.budget:,}.",
        )
        question = Question(
            name="choice",
            kind="select_multiple",
            label=label,
            choices=choices,
            randomise_choices=True,
            constraint=f"{_cost_of_choice(published)} <= {consultation.budget}",
            constraint_message=_both(
                f"These cost more than {consultation.budget:,}. Take one out.",
                f"Cuestan más de {consultation.budget:,}. Quite uno.",
            ),
        )
    return Group(name="projects", label=_same(consultation.question), questions=(question,))


def _cost_of_choice(published: Sequence[Contribution]) -> str:
    """A sum over all projects; in pairs of brackets, because expressions may only be nested so deep."""
    terms = [f"selected(.,'p{each.number}')*{each.cost}" for each in published]
    while len(terms) > 1:
        terms = [f"({'+'.join(terms[at : at + 2])})" for at in range(0, len(terms), 2)]
    return terms[0]


def _about_you(places: Sequence[tuple[str, str]]) -> Group:
    choices = [Choice(name=slug, label=_same(name)) for slug, name in places]
    choices.append(
        Choice(name="not-said", label=_both("I would rather not say", "Prefiero no decirlo"), is_missing=True)
    )
    question = Question(
        name=PART,
        kind="select_one",
        label=_both("In which part of town do you live?", "¿En qué parte de la ciudad vive?"),
        hint=_both(
            "So that everybody sees what each part of town got.",
            "Para que todos vean qué recibió cada parte de la ciudad.",
        ),
        choices=tuple(choices),
    )
    return Group(name="you", label=_both("About you", "Sobre usted"), questions=(question,))


def _both(english: str, spanish: str) -> Texts:
    return {"en": english, "es": spanish}


def _same(text: str) -> Texts:
    """What residents wrote stands as they wrote it, in every language."""
    return {"en": text, "es": text}
