"""What could identify somebody is proposed; a person who is not police decides on each, and nothing leaves before."""

from __future__ import annotations

import pytest

from comity.site.surveys.free_text import Mark, RedactionError, propose_marks, redact

# Each text with what must be proposed in it, between braces. Written for this test; nobody in them is real.
TEXTS = [
    "Write to me at {jo.doe+x@mail.example.org} please.",
    "My mail is {jo (at) example (dot) org}.",
    "Call {(612) 555-0142} or {612.555.0143} or {+1 612 555 0144}.",
    "The number is {555-0142}.",
    "See {https://example.org/me?x=1} and {@some_handle} for more.",
    "My social is {078-05-1120}.",
    "It is in report number {2024-118832}, look it up.",
    "The one with badge {4471} was rude.",
    "Badge #{4471} was rude, so was officer {332}.",
    "El agente con placa número {8812} me gritó.",
    "La patrulla {214} siempre pasa rápido.",
    "They ran the plate {KLM-482} twice.",
    "A blue truck, {8ABC123}, sped off.",
    "Su matrícula era {XYZ 1234}.",
    "I live at {1420 Elm Street, Apt 3} and nobody comes.",
    "They stopped me near {35 W 44th St} last year.",
    "It was at the corner of {Lake and Chicago}, as always.",
    "Always at {38th and Chicago}.",
    "Vivo en la {calle de los Olmos 245, apto 3} desde hace años.",
    "Fue en {Avenida Central #1200}.",
    "Stopped on {March 3, 2025} for nothing.",
    "Me pararon el {14 de julio de 2025} sin razón.",
    "I was born in {1962} and never saw this.",
    "It was 10 o'clock on {03/14/2025}.",
    "Officer {Ramirez} was kind to my son.",
    "officer {smith} never listens",
    "I spoke to Sgt. {Mary Olson} about it.",
    "El oficial {Peralta} me ayudó mucho.",
    "La señora {Ibarra} de la esquina lo vio.",
    "My name is {Tomas Vega} and I am angry.",
    "Me llamo {Lucía Fernández}.",
    "They arrested my son {Devon} for no reason.",
    "Mi vecina {Rosa Méndez} llamó tres veces.",
    "I think {Alex Morgan} should be chief.",
    "We asked {Jordan} and {Casey Lee} to come.",
]
PLAIN = [
    "Please slow down the traffic near the school.",
    "More officers on foot in the evening would help.",
    "I called at 9 and waited 45 minutes. The police came in 2 cars.",
    "Escuchen más a la gente del barrio, por favor.",
    "Nunca contestan. La policía debería venir más rápido.",
    "On Saturday in July it was loud. God help us.",
    "Train them better, and tell us the results in Spanish and English.",
    "They should walk in Powderhorn Park more often.",
]


def split(marked):
    """The text without braces, and the stretches that were in them."""
    text, wanted, at = "", [], None
    for letter in marked:
        if letter == "{":
            at = len(text)
        elif letter == "}":
            wanted.append(text[at:])
        else:
            text += letter
    return text, wanted


@pytest.mark.parametrize("marked", TEXTS)
def test_what_could_identify_is_proposed_whole(marked):
    text, wanted = split(marked)

    proposed = [text[mark.start : mark.end] for mark in propose_marks(text)]

    assert all(any(want in found for found in proposed) for want in wanted), (wanted, proposed)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_opinions_are_left_alone(text):
    assert propose_marks(text, places=["Powderhorn Park"]) == []


def test_little_more_is_marked_than_must_be():
    """Of the letters marked in the examples, at least four in five had to be."""
    needed = sum(len(want) for marked in TEXTS for want in split(marked)[1])
    proposed = sum(mark.end - mark.start for marked in TEXTS for mark in propose_marks(split(marked)[0]))

    assert needed / proposed > 0.8


TEXT = "Officer Ramirez came to 12 Elm Street."


def test_accepted_marks_are_hidden_and_rejected_ones_stay():
    name, address = propose_marks(TEXT)

    kept = redact(TEXT, [name, address], accepted=[address], rejected=[name], role="redactor")
    hidden = redact(
        TEXT, [name, address], accepted=[name, address], rejected=[], role="redactor", added=[Mark(0, 7, "name")]
    )

    assert kept == ("Officer Ramirez came to [address].", 1)
    assert hidden == ("[name] [name] came to [address].", 3)


@pytest.mark.parametrize("role", ["agency_analyst", "police", "interviewer", ""])
def test_the_police_never_decide(role):
    with pytest.raises(RedactionError, match="may not decide"):
        redact(TEXT, [], accepted=[], rejected=[], role=role)


def test_nothing_leaves_before_every_mark_is_decided():
    name, address = propose_marks(TEXT)

    with pytest.raises(RedactionError, match="1 marks are not decided"):
        redact(TEXT, [name, address], accepted=[name], rejected=[], role="redactor")
    with pytest.raises(RedactionError, match="off the text"):
        redact(TEXT, [], accepted=[Mark(30, 99, "name")], rejected=[], role="redactor")


def test_errors_never_hold_the_text():
    with pytest.raises(RedactionError) as refused:
        redact(TEXT, propose_marks(TEXT), accepted=[], rejected=[], role="redactor")

    assert "Ramirez" not in str(refused.value)


def test_a_long_text_is_read_in_good_time():
    """Patterns on hostile text: nothing here takes time that grows faster than the text by much."""
    hostile = ["1 " * 2500, "a@" * 2500, "A" * 5000, "calle " * 800, "1234 x" * 800, "." * 5000, "Aa " * 1600]

    assert all(isinstance(propose_marks(text), list) for text in hostile)
