"""The expressions of a questionnaire (`relevant`, `constraint`, `calculate`, `choice_filter`): a small, total subset of XPath
1.0 with the functions that XLSForm adds (ODK XForms specification, "XPath functions").

Nothing is executed: a text is parsed into a tree of bounded depth, and what is not known is refused with a sentence when the
questionnaire is read. Evaluating never fails: a blank answer is '' and arithmetic on it is not a number, as in XPath.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from comity.errors import ComityError, nearest

MOST_CHARACTERS = 10_000
MOST_EXPRESSION_CHARACTERS = 5_000
MOST_DEPTH = 60

Value = str | float | bool | date

_EPOCH = date(1970, 1, 1)


class ExpressionError(ComityError):
    """An expression is not one we know how to read."""


@dataclass(frozen=True)
class Literal:
    value: str | float


@dataclass(frozen=True)
class Name:
    """`${name}`: the answer to that question."""

    name: str


@dataclass(frozen=True)
class This:
    """`.`: the answer to this question."""


@dataclass(frozen=True)
class Attribute:
    """A bare name in a choice filter: a column of the choice."""

    name: str


@dataclass(frozen=True)
class Operation:
    sign: str
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


Node = Literal | Name | This | Attribute | Operation | Call


@dataclass(frozen=True)
class Expression:
    """A parsed expression, and its text as it was written."""

    text: str
    tree: Node

    @property
    def names(self) -> frozenset[str]:
        """The questions it refers to."""
        return frozenset(node.name for node in _nodes(self.tree) if isinstance(node, Name))

    @property
    def uses_this(self) -> bool:
        return any(isinstance(node, This) for node in _nodes(self.tree))


@dataclass(frozen=True)
class Context:
    """What an expression may see. answers: by question; this: the answer it is about; attributes: of one choice."""

    answer: Callable[[str], object]
    this: object = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None


@lru_cache(maxsize=4096)
def parse(text: str, *, in_choice_filter: bool = False) -> Expression:
    """The expression in `text`. Raises ExpressionError with one sentence for whatever is not known."""
    if len(text) > MOST_EXPRESSION_CHARACTERS:
        raise ExpressionError(
            f"The expression '{text[:40]}...' has {len(text):,} characters.",
            f"At most {MOST_EXPRESSION_CHARACTERS:,} are read; split it with calculate questions.",
        )
    parser = _Parser(text, in_choice_filter)
    tree, _ = parser.expression(0, 0)
    if parser.kind != "end":
        raise parser.unexpected()
    return Expression(text, tree)


def evaluate(expression: Expression, context: Context) -> Value:
    """The value of `expression`: text, number (not-a-number included), true or false, or a date."""
    return _value(expression.tree, context)


def is_true(expression: Expression, context: Context) -> bool:
    """Whether `expression` holds: not '', not 0, not not-a-number."""
    return as_boolean(evaluate(expression, context))


def as_value(answer: object) -> Value:
    """An answer as expressions see it: blank is '', several choices are one text with spaces between."""
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return "OK" if answer else ""
    if isinstance(answer, (int, float)):
        return float(answer)
    if isinstance(answer, (list, tuple)):
        return " ".join(str(each) for each in answer)
    return answer if isinstance(answer, date) else str(answer)


def as_text(value: Value) -> str:
    """XPath's string(): whole numbers without a point, true and false as words, dates as YYYY-MM-DD."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value)
    return value.isoformat() if isinstance(value, date) else value


def as_number(value: Value) -> float:
    """XPath's number(); a date is its days since 1970-01-01, and a text that is no number is not-a-number."""
    if isinstance(value, date):
        return float((value - _EPOCH).days)
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*", value) else math.nan
    return float(value)


def as_boolean(value: Value) -> bool:
    """XPath's boolean()."""
    if isinstance(value, float):
        return not (value == 0 or math.isnan(value))
    return value if isinstance(value, bool) else value != ""


_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)|(?P<text>'[^']*'|\"[^\"]*\")|\$\{\s*(?P<name>[^}]*?)\s*\}"
    r"|(?P<word>[A-Za-z_][\w-]*(?::[\w-]+)?)|(?P<sign><=|>=|!=|\.\.|//|[-+*=<>(),./|@\[\]])|(?P<end>$))"
)
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_BINDS = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "div": 6, "mod": 6,
}  # fmt: skip
_UNARY = 7


class _Parser:
    """Reads by precedence (Pratt); one step of recursion for each level that the depth counts."""

    def __init__(self, text: str, in_choice_filter: bool) -> None:
        self.text, self.at, self.in_choice_filter = text, 0, in_choice_filter
        self.kind, self.token = "", ""
        self.next()

    def next(self) -> None:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise self.refusal(f"the sign '{self.text[self.at :].strip()[:1]}' is not known there")
        self.kind = match.lastgroup or "end"
        self.token, self.at = match[self.kind], match.end()

    def expression(self, binding: int, depth: int) -> tuple[Node, int]:
        """The tree of what binds tighter than `binding`, and its height."""
        if depth > MOST_DEPTH:
            raise self.refusal(f"it is nested deeper than {MOST_DEPTH} levels", "Split it with calculate questions.")
        left, height = self.operand(depth)
        is_chain = False
        while self.kind in ("sign", "word") and _BINDS.get(self.token, 0) > binding:
            sign = self.token
            self.next()
            right, right_height = self.expression(_BINDS[sign], depth + 1)
            if is_chain and isinstance(left, Operation) and left.sign == sign and sign in ("or", "and", "+"):
                left, height = Operation(sign, (*left.operands, right)), max(height, right_height + 1)
            else:
                left, height, is_chain = Operation(sign, (left, right)), max(height, right_height) + 1, True
            if height > 2 * MOST_DEPTH:
                raise self.refusal(f"it chains more than {2 * MOST_DEPTH} steps", "Split it with calculate questions.")
        return left, height

    def operand(self, depth: int) -> tuple[Node, int]:
        kind, token = self.kind, self.token
        if kind == "sign" and token == "-":
            self.next()
            negated, height = self.expression(_UNARY, depth + 1)
            return Operation("negate", (negated,)), height + 1
        if kind == "sign" and token == "(":
            self.next()
            inside = self.expression(0, depth + 1)
            self.expect(")")
            return inside
        if kind == "sign" and token == ".":
            self.next()
            return This(), 1
        if kind == "number":
            self.next()
            return Literal(float(token)), 1
        if kind == "text":
            self.next()
            return Literal(token[1:-1]), 1
        if kind == "name":
            if not _NAME.fullmatch(token):
                raise self.refusal(f"'${{{token}}}' is not the name of a question")
            self.next()
            return Name(token), 1
        if kind == "word":
            self.next()
            if self.kind == "sign" and self.token == "(":
                return self.call(token, depth)
            if self.in_choice_filter:
                return Attribute(token), 1
            raise self.refusal(f"'{token}' stands alone", f"Write ${{{token}}} for a question, '{token}' for a text.")
        raise self.unexpected()

    def call(self, function: str, depth: int) -> tuple[Node, int]:
        if function not in FUNCTIONS:
            near = nearest(function, list(FUNCTIONS))
            known = f"Did you mean {near}()?" if near else f"Known are: {', '.join(FUNCTIONS)}."
            raise self.refusal(f"the function {function}() is not known", _WHY_NOT.get(function) or known)
        self.next()
        arguments: list[Node] = []
        tallest = 0
        while not (self.kind == "sign" and self.token == ")"):
            if arguments:
                self.expect(",")
            argument, height = self.expression(0, depth + 1)
            arguments.append(argument)
            tallest = max(tallest, height)
        self.next()
        fewest, most, _ = FUNCTIONS[function]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} or more" if most == _ANY else f"{fewest} to {most}"
            raise self.refusal(f"{function}() has {len(arguments)} arguments and takes {wanted}")
        if function == "regex":
            _check_pattern(self, arguments[1])
        return Call(function, tuple(arguments)), tallest + 1

    def expect(self, sign: str) -> None:
        if self.kind != "sign" or self.token != sign:
            raise self.unexpected(f"; '{sign}' was expected")
        self.next()

    def unexpected(self, more: str = "") -> ExpressionError:
        if self.kind == "end":
            return self.refusal(f"it ends too early{more}")
        if self.kind == "sign" and self.token in ("/", "//", "..", "@", "[", "]", "|"):
            return self.refusal(
                f"'{self.token}' is a path, and paths are not read", "Refer to a question by its name, as ${age}."
            )
        return self.refusal(f"'{self.token}' is unexpected{more}")

    def refusal(self, what: str, next_step: str = "Mend the expression.") -> ExpressionError:
        return ExpressionError(f'In the expression "{self.text.strip()}", {what}.', next_step)


def _check_pattern(parser: _Parser, argument: Node) -> None:
    if not isinstance(argument, Literal) or not isinstance(argument.value, str):
        raise parser.refusal("the pattern of regex() is not a text", "Write it between quotes.")
    try:
        _matches("", argument.value)
    except pa.ArrowInvalid:
        raise parser.refusal(
            f"the pattern '{argument.value}' cannot be read",
            "Look-around and references back are not supported, because they can take for ever.",
        ) from None


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    children = node.operands if isinstance(node, Operation) else node.arguments if isinstance(node, Call) else ()
    for child in children:
        yield from _nodes(child)


def _value(node: Node, context: Context) -> Value:
    match node:
        case Literal(value):
            return value
        case Name(name):
            return as_value(context.answer(name))
        case This():
            return as_value(context.this)
        case Attribute(name):
            return context.attributes.get(name, "")
        case Operation("or", operands):
            return any(as_boolean(_value(each, context)) for each in operands)
        case Operation("and", operands):
            return all(as_boolean(_value(each, context)) for each in operands)
        case Operation("negate", (operand,)):
            return -as_number(_value(operand, context))
        case Operation(sign, operands):
            result = _value(operands[0], context)
            for operand in operands[1:]:
                result = _OPERATIONS[sign](result, _value(operand, context))
            return result
        case Call("if", (condition, then, otherwise)):
            return _value(then if as_boolean(_value(condition, context)) else otherwise, context)
        case Call("today", ()):
            return "" if context.today is None else context.today
        case Call(function, arguments):
            return FUNCTIONS[function][2](*(_value(each, context) for each in arguments))


def _is_equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return as_boolean(left) == as_boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return as_number(left) == as_number(right)
    return as_text(left) == as_text(right)


def _comparable(left: Value, right: Value) -> tuple[float, float]:
    """Both as numbers; beside a date, a text such as '2026-03-01' is a date too."""
    if isinstance(left, date) and isinstance(right, str):
        right = _date(right)
    if isinstance(right, date) and isinstance(left, str):
        left = _date(left)
    return as_number(left), as_number(right)


def _less(left: Value, right: Value) -> bool:
    low, high = _comparable(left, right)
    return low < high


def _at_most(left: Value, right: Value) -> bool:
    low, high = _comparable(left, right)
    return low <= high


def _divide(left: Value, right: Value) -> float:
    above, below = as_number(left), as_number(right)
    if below != 0 or math.isnan(above):
        return above / below if below != 0 else math.nan
    return math.nan if above == 0 else math.copysign(math.inf, above) * math.copysign(1, below)


def _modulo(left: Value, right: Value) -> float:
    above, below = as_number(left), as_number(right)
    return math.nan if below == 0 or math.isinf(above) else math.fmod(above, below)


_OPERATIONS: Mapping[str, Callable[[Value, Value], Value]] = {
    "=": _is_equal,
    "!=": lambda left, right: not _is_equal(left, right),
    "<": _less,
    "<=": _at_most,
    ">": lambda left, right: _less(right, left),
    ">=": lambda left, right: _at_most(right, left),
    "+": lambda left, right: as_number(left) + as_number(right),
    "-": lambda left, right: as_number(left) - as_number(right),
    "*": lambda left, right: as_number(left) * as_number(right),
    "div": _divide,
    "mod": _modulo,
}


def _number_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value == int(value) else format(value, "f") if "e" in repr(value) else repr(value)


def _words(value: Value) -> list[str]:
    return as_text(value).split()


def _cut(text: str) -> str:
    return text[:MOST_CHARACTERS]


def _date(value: Value) -> Value:
    """A date from YYYY-MM-DD (a time after it is ignored) or from days since 1970-01-01; '' where it is neither."""
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str):
            return date.fromisoformat(value.strip().split("T")[0])
        return _EPOCH + timedelta(days=math.floor(as_number(value)))
    except (ValueError, OverflowError):
        return ""


def _format_date(value: Value, pattern: Value) -> str:
    day = _date(value)
    if not isinstance(day, date):
        return ""
    parts = {
        "%Y": f"{day.year:04}", "%y": f"{day.year % 100:02}", "%m": f"{day.month:02}", "%n": f"{day.month}",
        "%d": f"{day.day:02}", "%e": f"{day.day}",
    }  # fmt: skip
    return re.sub(r"%[A-Za-z]", lambda each: parts.get(each[0], each[0]), as_text(pattern))


def _round(value: Value, digits: Value = 0.0) -> float:
    number, places = as_number(value), as_number(digits)
    if not math.isfinite(number) or not math.isfinite(places):
        return number
    scale = 10.0 ** max(-15.0, min(15.0, math.trunc(places)))
    return number if abs(number * scale) > 2**53 else math.floor(number * scale + 0.5) / scale


def _whole(rounding: Callable[[float], int]) -> Callable[[Value], float]:
    def rounded(value: Value) -> float:
        number = as_number(value)
        return float(rounding(number)) if math.isfinite(number) else number

    return rounded


def _power(base: Value, exponent: Value) -> float:
    try:
        return math.pow(as_number(base), as_number(exponent))
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _selected_at(value: Value, index: Value) -> str:
    words, at = _words(value), as_number(index)
    return words[int(at)] if math.isfinite(at) and 0 <= int(at) < len(words) else ""


def _coalesce(*values: Value) -> Value:
    return next((each for each in values if each != ""), "")


def _substring(text: Value, start: Value, length: Value = math.inf) -> str:
    """XPath 1.0: positions from 1, both numbers rounded."""
    first, count = _round(start), _round(length)
    return "".join(letter for at, letter in enumerate(as_text(text), 1) if at >= first and at < first + count)


def _substr(text: Value, start: Value, end: Value = math.inf) -> str:
    """ODK: positions from 0, `end` excluded."""
    whole, first, last = as_text(text), as_number(start), as_number(end)
    if math.isnan(first) or math.isnan(last):
        return ""
    low, high = (int(min(max(each, 0), len(whole))) for each in (first, last))
    return whole[low:high]


def _before(text: Value, mark: Value) -> str:
    whole, part = as_text(text), as_text(mark)
    return whole.split(part, 1)[0] if part and part in whole else ""


def _after(text: Value, mark: Value) -> str:
    whole, part = as_text(text), as_text(mark)
    if not part:
        return whole
    return whole.split(part, 1)[1] if part in whole else ""


def _translate(text: Value, old: Value, new: Value) -> str:
    table: dict[int, str | None] = {}
    target = as_text(new)
    for at, letter in enumerate(as_text(old)):
        table.setdefault(ord(letter), target[at] if at < len(target) else None)
    return as_text(text).translate(table)


def _extreme(choose: Callable[[list[float]], float]) -> Callable[..., float]:
    def chosen(*values: Value) -> float:
        numbers = [as_number(each) for each in values if each != ""]
        return math.nan if not numbers or any(map(math.isnan, numbers)) else choose(numbers)

    return chosen


def _matches(text: str, pattern: str) -> bool:
    """Whether the whole of `text` matches, by an engine (RE2) whose time is linear in the text."""
    return bool(pc.match_substring_regex(pa.scalar(text, pa.string()), rf"\A(?:{pattern})\z").as_py())


_ANY = 99
FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., Value]]] = {
    "selected": (2, 2, lambda value, choice: as_text(choice).strip() in _words(value)),
    "selected-at": (2, 2, _selected_at),
    "count-selected": (1, 1, lambda value: float(len(_words(value)))),
    "if": (3, 3, lambda condition, then, otherwise: then if as_boolean(condition) else otherwise),
    "coalesce": (1, _ANY, _coalesce),
    "not": (1, 1, lambda value: not as_boolean(value)),
    "true": (0, 0, lambda: True),
    "false": (0, 0, lambda: False),
    "boolean": (1, 1, as_boolean),
    "boolean-from-string": (1, 1, lambda value: as_text(value) in ("1", "true")),
    "number": (1, 1, as_number),
    "int": (1, 1, _whole(math.trunc)),
    "floor": (1, 1, _whole(math.floor)),
    "ceiling": (1, 1, _whole(math.ceil)),
    "round": (1, 2, _round),
    "abs": (1, 1, lambda value: abs(as_number(value))),
    "pow": (2, 2, _power),
    "min": (1, _ANY, _extreme(min)),
    "max": (1, _ANY, _extreme(max)),
    "string": (1, 1, as_text),
    "string-length": (1, 1, lambda value: float(len(as_text(value)))),
    "concat": (1, _ANY, lambda *values: _cut("".join(as_text(each) for each in values))),
    "contains": (2, 2, lambda value, part: as_text(part) in as_text(value)),
    "starts-with": (2, 2, lambda value, part: as_text(value).startswith(as_text(part))),
    "ends-with": (2, 2, lambda value, part: as_text(value).endswith(as_text(part))),
    "substring": (2, 3, _substring),
    "substr": (2, 3, _substr),
    "substring-before": (2, 2, _before),
    "substring-after": (2, 2, _after),
    "normalize-space": (1, 1, lambda value: " ".join(_words(value))),
    "translate": (3, 3, _translate),
    "regex": (2, 2, lambda value, pattern: _matches(as_text(value), as_text(pattern))),
    "today": (0, 0, lambda: ""),
    "date": (1, 1, _date),
    "format-date": (2, 2, _format_date),
    "decimal-date": (1, 1, lambda value: as_number(_date(value))),
}
_WHY_NOT = {
    "now": "The time of an answer is never kept; use today().",
    "random": "Chance belongs to randomise_order and splits, so that nothing of it is stored.",
    "once": "Chance belongs to splits; a default is written in the column default.",
    "uuid": "An answer carries no number of its own, so that nobody can be traced.",
    "pulldata": "Other files are not read; use choice_filter.",
    "indexed-repeat": "Repeats are not supported; ask the questions one after the other.",
    "count": "Repeats are not supported; use count-selected().",
    "sum": "Repeats are not supported; add with +.",
}
