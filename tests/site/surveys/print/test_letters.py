"""A printed letter says how to answer in both languages, and a camera reads its code."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import date

import numpy as np
import pypdfium2
import pytest
import zxingcpp

from comity.site.surveys.print import Letter, LetterTexts, PrintError, address_lines, paper_form, write_letters
from comity.site.surveys.questionnaire.bank import contact_questionnaire, standard_questionnaire

TEXTS = LetterTexts(
    title={"en": "Survey of residents", "es": "Encuesta a residentes"},
    sender="Example Survey Center",
    return_address="12 Example Street",
    sponsor="The City of Example",
    place="Example Town",
    url="https://answers.example.org/code/",
    telephone="555-0100",
    minutes=12,
    day=date(2026, 3, 1),
    closes=date(2026, 4, 15),
    published=date(2026, 6, 1),
)
LETTERS = [
    Letter("1", ("Resident", "1 Example Street #2 *B*", "Example EX 00000"), "7K2M9-QXT4B"),
    Letter("2", ("Resident", "2 Example Street"), "ABCDE-FGHJK", language="es"),
]


def pages(pdf):
    """(text, picture) of each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [(page.get_textpage().get_text_bounded(), page.render(scale=3).to_numpy().copy()) for page in document]
    finally:
        document.close()


def codes_in(picture):
    return [found.text for found in zxingcpp.read_barcodes(np.ascontiguousarray(picture[:, :, :3]))]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    (path,) = write_letters(tmp_path_factory.mktemp("letters"), LETTERS, TEXTS)
    return path


def test_a_camera_reads_the_code_that_is_printed_beside_it(printed):
    sheets = pages(printed)

    assert [codes_in(picture) for _, picture in sheets] == [
        [f"https://answers.example.org/code/#{letter.code}"] for letter in LETTERS for _ in ("front", "back")
    ]
    assert all(LETTERS[at // 2].code in text for at, (text, _) in enumerate(sheets))


def test_each_letter_is_one_sheet_with_a_language_a_side(printed):
    texts = [" ".join(text.split()) for text, _ in pages(printed)]

    assert ["birthday comes next" in text for text in texts] == [True, False, False, True]
    assert ["al azar" in text for text in texts] == [False, True, True, False]
    assert "by April 15, 2026" in texts[0]
    assert "el 15 de abril de 2026" in texts[1]
    assert "1 Example Street #2 *B*" in texts[0]
    assert "SAMPLE DATA" not in texts[0]


def test_letters_are_private_and_nothing_is_left_beside_them(printed):
    assert stat.S_IMODE(printed.stat().st_mode) == 0o600
    assert [each.name for each in printed.parent.iterdir()] == ["letters-001.pdf"]


def test_reminders_and_sample_letters_say_so(tmp_path):
    (reminder,) = write_letters(tmp_path, LETTERS[:1], replace(TEXTS, is_sample_data=True), wave="reminder")

    english, spanish = (" ".join(text.split()) for text, _ in pages(reminder))
    assert "was not used yet" in english
    assert "todavía no se ha usado" in spanish
    assert "SAMPLE DATA" in english
    assert "DATOS DE MUESTRA" in english


@pytest.mark.parametrize(
    ("letters", "texts", "sentence"),
    [
        ([], TEXTS, "no letters"),
        ([LETTERS[0], LETTERS[0]], TEXTS, "same code"),
        ([Letter("9", (), "7K2M9-QXT4B")], TEXTS, "Case 9 has no address"),
        (LETTERS, replace(TEXTS, url="http://answers.example.org/"), "begins with https"),
        (LETTERS, replace(TEXTS, closes=date(2026, 1, 1)), "in this order"),
    ],
)
def test_letters_that_cannot_be_sent_are_refused(tmp_path, letters, texts, sentence):
    with pytest.raises(PrintError, match=sentence):
        write_letters(tmp_path, letters, texts)

    assert list(tmp_path.iterdir()) == []


def test_a_code_never_appears_in_a_repr():
    assert "7K2M9" not in repr(LETTERS[0])


def test_addresses_are_made_from_columns():
    row = {"name": "", "street": "1 Example Street", "city": "Example", "zip": "00000"}

    assert address_lines(row, ["name", "street", "city+zip"]) == ("1 Example Street", "Example 00000")


def form_text(questionnaire, **options):
    return " ".join(" ".join(text for text, _ in pages(paper_form(questionnaire, **options))).split())


def test_the_paper_form_asks_the_same_questions_in_the_same_words():
    questionnaire = standard_questionnaire()

    text = form_text(questionnaire, language="en", arms={"fear_list": "control"})

    for question in questionnaire.questions.values():
        if question.name != "fear_list_treated":
            assert " ".join(question.label["en"].split()) in text, question.name
    assert "Needed the police and did not call" not in text
    assert "did not answer “No contact” to question" in text
    assert questionnaire.digest[:12] in text


def test_the_form_of_the_other_arm_has_the_other_list_and_says_its_arm():
    text = form_text(standard_questionnaire(), language="es", arms={"fear_list": "treated"}, is_sample_data=True)

    assert "Necesité a la policía y no llamé" in text
    assert "fear_list treated" in text
    assert "DATOS DE MUESTRA" in text
    assert "Solo si respondió" in text


def test_a_form_without_its_arm_or_in_another_language_is_refused():
    with pytest.raises(PrintError, match="'fear_list' needs one arm"):
        paper_form(standard_questionnaire(), language="en")
    with pytest.raises(PrintError, match="no texts in 'so'"):
        paper_form(contact_questionnaire(), language="so")


def test_what_a_screen_puts_in_from_an_earlier_answer_points_to_it_on_paper():
    from pathlib import Path

    from comity.site.surveys.questionnaire.xlsform import read_xlsform

    form = read_xlsform(Path(__file__).parents[1] / "questionnaire" / "forms" / "every_kind.md").questionnaire
    text = " ".join(" ".join(text for text, _ in pages(paper_form(form, language="en"))).split())

    assert "What else should we know about [answer 5]?" in text
    assert "That makes … hours in a week." in text
    assert "${" not in text
