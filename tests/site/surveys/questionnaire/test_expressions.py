"""Expressions mean what XPath says (elementpath is asked the same), know the functions of forms, and refuse the rest."""

from __future__ import annotations

import math
import re
from datetime import date
from xml.etree import ElementTree

import elementpath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.site.surveys.questionnaire.expressions import (
    FUNCTIONS,
    Context,
    ExpressionError,
    as_text,
    evaluate,
    is_true,
    parse,
)

ANSWERS = {"age": "34", "blank": "", "kinds": "a bb c", "word": "Hello world", "negative": "-2.5", "zero": "0"}
TODAY = date(2026, 11, 22)


def value_of(text, this=None, **answers):
    return evaluate(parse(text), Context(answers.get, this, today=TODAY))


def elementpath_says(text):
    root = ElementTree.Element("data")
    for name, answer in ANSWERS.items():
        ElementTree.SubElement(root, name).text = answer
    translated = re.sub(r"\$\{(\w+)\}", r"string(/data/\1)", text)
    value = elementpath.select(root, translated, parser=elementpath.XPath1Parser)
    return value[0] if isinstance(value, list) else value


LITERALS = ["0", "1", "2", "7.5", "0.25", "''", "'a'", "'5'", "' x  y '", "'l'"]
ATOMS = st.sampled_from([*LITERALS, *(f"${{{name}}}" for name in ANSWERS), "true()", "false()"])
ONE = ["not", "boolean", "number", "floor", "ceiling", "round", "string", "string-length", "normalize-space"]
TWO = ["contains", "starts-with", "substring-before", "substring-after", "concat"]
SIGNS = ["and", "or", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"]
TEXTUAL = {"string-length", "normalize-space", *TWO, "translate", "substring"}


def bigger(smaller):
    """XPath 1.0 turns arguments into texts by itself; elementpath wants it said, and writes -0 where XPath writes 0."""

    def call(function, *arguments):
        said = [f"string({each})" if function in TEXTUAL else each for each in arguments]
        said = [f"number({each})" if function in ("floor", "ceiling", "round") else each for each in said]
        written = f"{function}({', '.join(said)})"
        return f"({written} + 0)" if function in ("floor", "ceiling", "round") else written

    def operation(left, sign, right):
        if sign == "mod":  # elementpath takes the sign of the divisor and refuses 0; XPath 1.0 the dividend's, and NaN
            left, right = f"string-length(string({left}))", "3"
        elif sign == "div":  # and gives -INF for NaN div 0
            left, right = f"number({left})", "4"
        elif sign not in ("and", "or", "=", "!="):
            left, right = f"number({left})", f"number({right})"
        return f"({left} {sign} {right} + 0)" if sign in ("*", "div", "mod") else f"({left} {sign} {right})"

    return st.one_of(
        st.builds(operation, smaller, st.sampled_from(SIGNS), smaller),
        st.builds(call, st.sampled_from(ONE), smaller),
        st.builds(call, st.sampled_from(TWO), smaller, smaller),
        st.builds(call, st.just("translate"), smaller, st.just("'ale5'"), st.just("'xy'")),
        st.builds("(-number({}) + 0)".format, smaller),
    )


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.recursive(ATOMS, bigger, max_leaves=7))
def test_elementpath_gives_the_same_value(text):
    theirs = elementpath_says(text)
    ours = evaluate(parse(text), Context(ANSWERS.get))

    if isinstance(theirs, bool) or isinstance(ours, bool):
        assert ours is theirs
    elif isinstance(ours, float):
        assert ours == float(theirs) or (math.isnan(ours) and math.isnan(theirs))
    else:
        assert ours == theirs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7.0),
        ("10 - 4 - 3", 3.0),
        ("-2 * -3", 6.0),
        ("7 mod -3", 1.0),
        ("translate('banana', 'aan', 'xyz')", "bxzxzx"),
        ("-7 mod 3", -1.0),
        ("7 mod 0 = 7 mod 0", False),
        ("-7.5 mod -2", -1.5),
        ("1 div 0", math.inf),
        ("'a' = 'a' and not(1 = 2)", True),
        ("1 = 1 or 1 div 0", True),
        ("selected(${kinds}, 'bb')", True),
        ("selected(${kinds}, 'b')", False),
        ("selected(., 'x')", True),
        ("count-selected(${kinds})", 3.0),
        ("selected-at(${kinds}, 1)", "bb"),
        ("selected-at(${kinds}, 9)", ""),
        ("if(${age} >= 18, 'adult', 'minor')", "adult"),
        ("coalesce(${blank}, ${word}, 'z')", "Hello world"),
        ("${blank} = ''", True),
        ("${missing} > 3", False),
        ("${missing} = ''", True),
        ("int(7.9)", 7.0),
        ("round(2.345, 2)", 2.35),
        ("round(-0.5)", -0.0),
        ("pow(2, 10)", 1024.0),
        ("pow(10, 400)", math.inf),
        ("min(3, ${age}, 2)", 2.0),
        ("substr('comity', 1, 4)", "omi"),
        ("substring('comity', 2, 3)", "omi"),
        ("ends-with(${word}, 'ld')", True),
        ("regex(${word}, 'H.*d')", True),
        ("regex(${word}, 'Hello')", False),
        ("regex('a@b.org', '[^@\\s]+@[^@\\s]+')", True),
        ("string-length('año')", 3.0),
        ("today() > date('2026-01-01')", True),
        ("${day} <= today()", True),
        ("${day} > '2026-12-01'", False),
        ("int((today() - date('1990-11-23')) div 365.25)", 35.0),
        ("format-date(${day}, '%d/%m/%Y')", "01/03/2026"),
        ("format-date(date('never'), '%Y')", ""),
        ("string(12)", "12"),
        ("string(0.1 + 0.2)", "0.30000000000000004"),
        ("concat('n', 1 div 3 > 0)", "ntrue"),
        ("boolean-from-string('1')", True),
        ("decimal-date('1970-01-02')", 1.0),
    ],
)
def test_functions_of_forms(text, expected):
    answers = {"kinds": ["a", "bb", "c"], "age": 34, "blank": "", "word": "Hello world", "day": date(2026, 3, 1)}

    assert value_of(text, this=["x", "y"], **answers) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("${a} > ", "ends too early"),
        ("1 = = 2", "'=' is unexpected"),
        ("/data/age > 3", "is a path"),
        ("../age > 3", "is a path"),
        ("age > 3", "'age' stands alone"),
        ("selectd(${a}, 'x')", "Did you mean selected"),
        ("now()", "time of an answer is never kept"),
        ("random() > 0.5", "Chance belongs"),
        ("__import__('os')", "not known"),
        ("selected(${a})", "has 1 arguments and takes 2"),
        ("${a b}", "not the name of a question"),
        ("'open", "the sign ''' is not known"),
        ("1; 2", "the sign ';' is not known"),
        ("regex(., '(a')", "cannot be read"),
        ("regex(., '(?=a)b')", "Look-around"),
        ("regex(., ${a})", "not a text"),
        ("(" * 61 + "1" + ")" * 61, "deeper than 60"),
        ("1" + " - 1" * 200, "chains more than 120"),
        ("1" + "+1" * 3000, "has 6,001 characters"),
        ("", "ends too early"),
    ],
)
def test_what_is_not_known_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(ExpressionError, match=re.escape(sentence)):
        parse(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="${}ab()'\"., 19<>=!+-*/|@[]:\n", max_size=60))
def test_any_text_is_read_or_refused_and_never_breaks(text):
    try:
        expression = parse(text)
    except ExpressionError:
        return
    as_text(evaluate(expression, Context(ANSWERS.get)))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_function_answers_for_every_argument(data):
    odd = st.sampled_from(
        ["''", "'x'", "1 div 0", "-1 div 0", "0 div 0", "1", "-3", "true()", "today()", "${kinds}", "'%Y'"]
    )
    name = data.draw(st.sampled_from(sorted(set(FUNCTIONS) - {"regex"})))
    fewest, most, _ = FUNCTIONS[name]
    arguments = data.draw(st.lists(odd, min_size=fewest, max_size=min(most, 4)))

    as_text(value_of(f"{name}({', '.join(arguments)})", kinds=["a", "b"]))


def test_a_long_chain_of_alternatives_is_read():
    text = " or ".join(f"selected(${{a}}, 'c{at}')" for at in range(150))

    assert is_true(parse(text), Context({"a": "c149"}.get))


def test_the_tallest_tree_that_is_read_can_be_evaluated():
    text = "1"
    while len(text) < 900:
        try:
            parse(f"({text})" + "-1" * 59)
        except ExpressionError:
            break
        text = f"({text})" + "-1" * 59

    assert isinstance(value_of(text), float)


def test_a_pattern_that_would_take_for_ever_elsewhere_is_quick():
    assert value_of("regex(., '(a+)+b')", this="a" * 5000) is False
