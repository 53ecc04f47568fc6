"""What could make a questionnaire mislead: leading, double-barrelled, unbalanced and priming items, hard language, missing
translations.

The rules follow Dillman, Smyth and Christian (2014), *Internet, Phone, Mail, and Mixed-Mode Surveys*, ch. 4-6, and Schuman and
Presser (1981) on form and order. They find words and shapes, not meaning: a person decides about a warning. Only what is
certain (a text that is missing) is an error, and an error keeps a questionnaire from being sealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from comity.site.surveys.questionnaire.model import Question, Questionnaire, Texts
from comity.site.surveys.questionnaire.reading_level import reading_grade
from comity.wording import Message, message

MOST_GRADE = 9.0
MOST_WORDS = 35
MOST_OPEN_QUESTIONS = 4

Rule = Literal[
    "missing_translation", "leading", "double_barrelled", "double_negative", "agree_scale", "unbalanced", "no_way_out", "priming",
    "reading_level", "long", "traceable",
]  # fmt: skip


class Remark(NamedTuple):
    """One thing to look at. where: the question, page or other part; language: of the text, '' for all."""

    rule: Rule
    is_error: bool
    where: str
    language: str
    message: Message

    def __str__(self) -> str:
        return f"{self.where}{f' ({self.language})' if self.language else ''}: {self.message}"


def lint(questionnaire: Questionnaire) -> list[Remark]:
    """Everything to look at, in the order of the questionnaire; [] when nothing was found."""
    remarks = [*_translations(questionnaire)]
    for question in questionnaire.questions.values():
        remarks += _wording(question, questionnaire)
        remarks += _answers(question)
    remarks += _order(questionnaire)
    places = {name: at for at, name in enumerate(questionnaire.questions)}
    return sorted(remarks, key=lambda each: (not each.is_error, places.get(each.where, -1)))


_LEADING: Mapping[str, str] = {
    "en": r"\b(?:don't you|doesn't it|isn't it|wouldn't you|shouldn't|surely|obviously|of course|clearly|as everyone knows|"
    r"everybody knows|most people (?:think|agree|say)|experts (?:say|agree)|don't you agree|do you agree that|"
    r"brave|heroic|dangerous|brutal|corrupt|thugs?|law-abiding)\b",
    "es": r"(?:¿no (?:cree|piensa|le parece|es cierto)|\b(?:seguramente|obviamente|por supuesto|claramente|como todos saben|"
    r"todo el mundo sabe|la mayoría de la gente (?:cree|piensa|dice)|los expertos (?:dicen|creen)|está de acuerdo en que|"
    r"valientes?|heroic[oa]s?|peligros[oa]s?|brutal(?:es)?|corrupt[oa]s?)\b)",
}
_BARRELS: Mapping[str, str] = {
    "en": r"\b(\w+ly|\w+ful|fair|honest|safe|quick|polite|respect\w*|explain\w*|listen\w*|helpful|courteous|fast|effective|"
    r"trust\w*|understand\w*)\b(?: to)?,? (?:and|and/or) (?:\w+ ){0,2}(\w+ly|\w+ful|fair|honest|safe|quick|polite|respect\w*|explain\w*|"
    r"listen\w*|helpful|courteous|fast|effective|trust\w*|understand\w*)\b",
    "es": r"\b(\w+mente|just[oa]s?|honest[oa]s?|segur[oa]s?|rápid[oa]s?|amables?|respet\w*|explica\w*|escucha\w*|útil(?:es)?|"
    r"eficaz|eficaces|cort[eé]s(?:es)?|confía\w*|entiend\w*)\b,? (?:y|e|y/o) (?:\w+ ){0,2}(\w+mente|just[oa]s?|honest[oa]s?|"
    r"segur[oa]s?|rápid[oa]s?|amables?|respet\w*|explica\w*|escucha\w*|útil(?:es)?|eficaz|eficaces|cort[eé]s(?:es)?|confía\w*|entiend\w*)\b",
}
_NEGATIONS: Mapping[str, str] = {
    "en": r"\b(?:not|never|no|nobody|none|without|un(?:able|willing|likely)|\w+n't)\b",
    "es": r"\b(?:no|nunca|sin|jamás)\b",
}
_AGREE: Mapping[str, str] = {
    "en": r"\b(?:strongly |somewhat )?(?:dis)?agree\b",
    "es": r"\b(?:de acuerdo|en desacuerdo)\b",
}
_LIKERT_SIGNS: Mapping[str, tuple[str, str]] = {
    "en": (
        r"\b(?:excellent|very good|good|great|very satisfied|satisfied|very safe|safe|better|well|fairly|likely|agree|trust)\b",
        r"\b(?:poor|bad|badly|terrible|awful|dissatisfied|unsafe|worse|unfairly|unlikely|disagree|distrust)\b",
    ),
    "es": (
        r"\b(?:excelentes?|muy buen[oa]s?|buen[oa]s?|satisfech[oa]s?|segur[oa]s?|mejor|bien|justas?|justamente|probable|de acuerdo)\b",
        r"\b(?:mal[oa]s?|mal|pésim[oa]s?|insatisfech[oa]s?|insegur[oa]s?|peor|injustamente|improbable|en desacuerdo)\b",
    ),
}
_PRIMING: Mapping[str, str] = {
    "en": r"\b(?:killed|shooting|shot|murder\w*|violen\w+|crime wave|recent (?:scandal|incident|death)|lawsuit|brutality|gang\w*|terror\w*)\b",
    "es": r"\b(?:mataron|muert[oa]s? a tiros|tiroteo|asesin\w+|violen\w+|ola de delitos|escándalo reciente|demanda judicial|brutalidad|pandill\w*|terror\w*)\b",
}
_TRACEABLE = re.compile(
    r"(?i)\b(?:your (?:full )?name|phone number|e-?mail address|street address|date of birth|social security|license plate|"
    r"su nombre|número de teléfono|correo electrónico|su dirección|fecha de nacimiento|seguro social|placa)\b"
)


def _translations(questionnaire: Questionnaire) -> Iterator[Remark]:
    for where, texts, is_needed in _texts(questionnaire):
        if not is_needed and not any(texts.values()):
            continue
        for language in questionnaire.languages:
            if not texts.get(language, "").strip():
                yield Remark(
                    "missing_translation", True, where, language, message("This text is missing in this language.")
                )


def _texts(questionnaire: Questionnaire) -> Iterator[tuple[str, Texts, bool]]:
    """(where, texts, whether there must be one)."""
    yield questionnaire.name, questionnaire.title, True
    yield questionnaire.name, questionnaire.introduction, False
    yield questionnaire.name, questionnaire.thanks, False
    for group in questionnaire.groups:
        yield group.name, group.label, False
        for question in group.questions:
            yield question.name, question.label, question.kind != "calculate"
            yield question.name, question.hint, False
            yield question.name, question.constraint_message, False
            for choice in question.choices:
                yield f"{question.name}: {choice.name}", choice.label, True
    for scale in questionnaire.scales:
        yield scale.name, scale.label, True


def _wording(question: Question, questionnaire: Questionnaire) -> Iterator[Remark]:
    for language in questionnaire.languages:
        text = question.label.get(language, "")
        asked = text.casefold()
        if not asked or question.kind == "calculate":
            continue

        def warn(rule: Rule, sentence: Message, language: str = language) -> Remark:
            return Remark(rule, False, question.name, language, sentence)

        if found := _first(_LEADING, language, asked):
            yield warn("leading", message("“{words}” suggests an answer. Ask without it.", words=found))
        if question.kind in ("select_one", "range", "integer", "decimal"):
            if found := _first(_BARRELS, language, asked):
                yield warn(
                    "double_barrelled", message("“{words}” asks two things at once. Make two questions.", words=found)
                )
            if any(len(re.findall(_NEGATIONS.get(language, "$^"), part)) >= 2 for part in re.split(r"[.?!\n]", asked)):
                yield warn("double_negative", message("Two negations are easily misread. Ask in the positive."))
        if _TRACEABLE.search(asked):
            yield warn("traceable", message("This asks for something that tells who a person is. An answer must not."))
        grade = reading_grade(text, language)
        if grade is not None and grade > MOST_GRADE:
            yield warn(
                "reading_level",
                message("This reads at school grade {grade}; the limit is {most}. Use shorter words and sentences.",
                        grade=f"{grade:.0f}", most=f"{MOST_GRADE:.0f}"),
            )  # fmt: skip
        sentence = max((len(part.split()) for part in re.split(r"[.!?\n]+", text)), default=0)
        if sentence > MOST_WORDS:
            yield warn("long", message("A sentence of {n} words is hard to hold in mind. Shorten it.", n=sentence))


def _answers(question: Question) -> Iterator[Remark]:
    if question.kind not in ("select_one", "select_multiple"):
        return
    valid = [choice for choice in question.choices if not choice.is_missing and not choice.is_exclusive]
    labels = {language: [each.label.get(language, "").casefold() for each in valid] for language in _LIKERT_SIGNS}

    def warn(rule: Rule, sentence: Message, language: str = "") -> Remark:
        return Remark(rule, False, question.name, language, sentence)

    for language, (good, bad) in _LIKERT_SIGNS.items():
        goods = sum(bool(re.search(good, each)) and not re.search(bad, each) for each in labels[language])
        bads = sum(bool(re.search(bad, each)) and not re.search(good, each) for each in labels[language])
        if question.kind == "select_one" and goods + bads >= 2 and goods != bads:
            yield warn(
                "unbalanced",
                message(
                    "{goods} answers are favourable and {bads} are not. Offer as many of each.", goods=goods, bads=bads
                ),
                language,
            )
        if any(re.search(_AGREE[language], each) for each in labels[language]):
            yield warn(
                "agree_scale",
                message(
                    "People tend to agree with whatever is stated. Ask about the thing itself: how often, how well, how likely."
                ),
                language,
            )
    if question.required and not any(choice.is_missing for choice in question.choices):
        yield warn("no_way_out", message("An answer is required and nobody can decline. Add “I prefer not to say”."))


def _order(questionnaire: Questionnaire) -> Iterator[Remark]:
    """Priming: a loaded word, or a specific or personal question, before the general one that it colours."""
    opinions = [question.name for question in questionnaire.questions.values() if question.scale]
    seen_loaded = seen_own_contact = seen_demographics = ""
    warned: set[str] = set()
    for question in questionnaire.questions.values():
        text = {language: question.label.get(language, "").casefold() for language in questionnaire.languages}
        loaded = next((found for language, each in text.items() if (found := _first(_PRIMING, language, each))), "")
        if question.scale:
            for name, sentence in (
                (seen_loaded, message("The words of “{question}” come before this and colour it. Move that after.", question=seen_loaded)),
                (seen_own_contact, message("“{question}” recalls a contact before this opinion is asked. Ask opinions of the police in general first.", question=seen_own_contact)),
                (seen_demographics, message("“{question}” asks about the person before this opinion. Ask about the person last.", question=seen_demographics)),
            ):  # fmt: skip
                if name and name not in warned and question.construct != "contact_justice":
                    warned.add(name)
                    yield Remark("priming", False, question.name, "", sentence)
        if loaded:
            seen_loaded = seen_loaded or question.name
        if question.construct == "contact_facts" and not _is_about_contacts(questionnaire):
            seen_own_contact = seen_own_contact or question.name
        if question.construct == "about_you" or question.name in ("race", "age", "gender", "age_group"):
            seen_demographics = seen_demographics or question.name
    opened = [question.name for question in questionnaire.questions.values() if question.kind == "text"]
    if len(opened) > MOST_OPEN_QUESTIONS and opinions:
        yield Remark(
            "long", False, opened[MOST_OPEN_QUESTIONS], "",
            message("{n} open questions tire people out. Keep {most}.", n=len(opened), most=MOST_OPEN_QUESTIONS),
        )  # fmt: skip


def _is_about_contacts(questionnaire: Questionnaire) -> bool:
    return any(question.construct == "contact_justice" for question in questionnaire.questions.values())


def _first(patterns: Mapping[str, str], language: str, text: str) -> str:
    match = re.search(patterns[language], text) if language in patterns else None
    return match[0].strip() if match else ""


def errors(remarks: Sequence[Remark]) -> list[Remark]:
    """Those that keep a questionnaire from being sealed."""
    return [each for each in remarks if each.is_error]
