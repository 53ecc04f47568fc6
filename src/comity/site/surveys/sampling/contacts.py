"""Everyone with a recent contact, less those whom a letter could put in danger.

A letter about the police in the mailbox can endanger a person who lives with an abuser, and hurt one who was attacked. So
victims of violent crime and everyone in a case of domestic violence are never invited, and neither is anyone of whom the list
cannot say. Offence codes alone failed in practice (docs/methods/rows.md): the relationship of victim and offender counts as much.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from comity.site.surveys.sampling.draw import ADDED, Sample
from comity.site.surveys.sampling.frame import Frame, FrameError

# NIBRS offence codes of violence against a person, and words that name the same in local lists.
VIOLENT_CODES = frozenset(
    ("09A", "09B", "09C", "100", "11A", "11B", "11C", "11D", "120", "13A", "13B", "13C", "36A", "36B", "64A", "64B")
)
VIOLENT_WORDS = re.compile(
    r"(?i)assault|batter|homicide|murder|manslaughter|rape|sex|robber|kidnap|abduct|strangul|stalk|threat|intimidat|harass|"
    r"traffick|abuse|molest|shoot|stab|violen|terroris"
)
DOMESTIC_WORDS = re.compile(
    r"(?i)domestic|family|intimate|order for protection|protective order|restraining|no.?contact|child|elder|vulnerable"
)
# NIBRS relationships of victim to offender within a home or a partnership, and words for them.
CLOSE_CODES = frozenset(
    ("SE", "CS", "PA", "SB", "CH", "GP", "GC", "IL", "SP", "SC", "SS", "OF", "BG", "CF", "HR", "XS", "XR", "FB", "BE")
)
CLOSE_WORDS = re.compile(
    r"(?i)spouse|wife|husband|partner|girlfriend|boyfriend|ex-|parent|mother|father|child|son|daughter|sibling|brother|"
    r"sister|relative|family|cohabit|household|roommate|dating|in-?law"
)
VICTIM_WORDS = re.compile(r"(?i)^\s*(?:v|vic|victim\w*|complain\w*|survivor)\b|victim")
UNKNOWN = frozenset(("", "unknown", "unk", "n/a", "na", "none recorded", "?"))
ADULT = 18


@dataclass(frozen=True, kw_only=True)
class ContactRules:
    """Columns of the list. person: who it is (any stable number); role: victim, driver, caller and so on; offense: code or name
    of the offence, or of the kind of call; relationship: of victim to offender, empty where there is no offender.

    day: of the contact, YYYY-MM-DD; from_day, to_day: the contacts that count. age: in years, where there is one. never: people
    (by `person`) who asked not to be contacted.
    """

    person: str
    role: str
    offense: str
    relationship: str
    day: str | None = None
    from_day: date | None = None
    to_day: date | None = None
    age: str | None = None
    never: frozenset[str] = frozenset()


def select_contacts(
    frame: Frame, rules: ContactRules, *, drawn: int | None = None, seed: int = 0
) -> tuple[Sample, Mapping[str, int]]:
    """Everyone who may be invited, once, and an account of the rows: {reason: rows}, with "invited"; its values add up to all rows.

    A person who must not be invited for one contact is not invited for any other. drawn: so many of them, at random by `seed`.
    Raises FrameError when a column that keeps people safe is not there.
    """
    frame.need(rules.person, rules.role, rules.offense, rules.relationship)
    frame.need(*(name for name in (rules.day, rules.age) if name))
    reasons = [_reason(row, rules) for row in frame.rows]
    barred = {
        row[rules.person] for row, reason in zip(frame.rows, reasons, strict=True) if reason in _FOR_THE_WHOLE_PERSON
    }
    account: Counter[str] = Counter()
    kept: dict[str, Mapping[str, str]] = {}
    for row, reason in zip(frame.rows, reasons, strict=True):
        person = row[rules.person]
        if reason is None and person in barred:
            reason = "another contact of this person may not be invited"
        if reason is None and person in kept:
            reason = "invited for another contact"
        account[reason or "invited"] += 1
        if reason is None:
            kept[person] = row
    if not kept:
        raise FrameError("Nobody in the list may be invited.", "Check the columns, the days and the exclusions.")
    return _sample(frame, list(kept.values()), drawn, seed, account), dict(account)


_DOMESTIC = "domestic violence or the home"
_VIOLENT = "victim of a violent crime"
_CANNOT_TELL = "the list does not say what happened"
_NEVER = "asked not to be contacted"
_FOR_THE_WHOLE_PERSON = frozenset((_DOMESTIC, _VIOLENT, _NEVER, "under 18"))


def _reason(row: Mapping[str, str], rules: ContactRules) -> str | None:
    """Why nobody is invited for this row, the gravest reason first; None when somebody may be."""
    person, role, offense = row[rules.person], row[rules.role], row[rules.offense]
    relationship = row[rules.relationship].strip()
    if person.casefold() in UNKNOWN:
        return "no person"
    if person in rules.never:
        return _NEVER
    is_close = relationship.upper() in CLOSE_CODES or CLOSE_WORDS.search(relationship)
    if DOMESTIC_WORDS.search(offense) or is_close:
        return _DOMESTIC
    is_violent = any(word.upper() in VIOLENT_CODES for word in re.findall(r"\w+", offense)) or VIOLENT_WORDS.search(
        offense
    )
    if is_violent and (VICTIM_WORDS.search(role) or role.casefold() in UNKNOWN):
        return _VIOLENT
    if offense.casefold() in UNKNOWN or role.casefold() in UNKNOWN:
        return _CANNOT_TELL
    if rules.age and not (row[rules.age].isdigit() and int(row[rules.age]) >= ADULT):
        return "under 18" if row[rules.age].isdigit() else "no age"
    if rules.day:
        return _outside(row[rules.day], rules)
    return None


def _outside(text: str, rules: ContactRules) -> str | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "no day"
    is_early = rules.from_day is not None and day < rules.from_day
    is_late = rules.to_day is not None and day >= rules.to_day + timedelta(days=1)
    return "outside the days" if is_early or is_late else None


def _sample(
    frame: Frame, rows: Sequence[Mapping[str, str]], drawn: int | None, seed: int, account: Counter[str]
) -> Sample:
    import numpy as np

    chance = np.random.default_rng(seed)
    order = chance.permutation(len(rows)).tolist()
    chosen = order if drawn is None or drawn >= len(rows) else order[:drawn]
    if len(chosen) < len(rows):
        account["invited"] -= len(rows) - len(chosen)
        account["not drawn"] += len(rows) - len(chosen)
    probability = len(chosen) / len(rows)
    digits = len(str(len(chosen)))
    columns = (*ADDED, *(name for name in frame.columns if name not in ADDED))
    added = [
        {
            "case": f"{case:0{digits}}", "stratum": "all", "psu": "", "group": "", "stratum_size": len(rows),
            "probability": f"{probability:.10g}", "weight": f"{1 / probability:.10g}",
        }
        for case in range(1, len(chosen) + 1)
    ]  # fmt: skip
    return Sample(
        columns,
        [{**rows[at], **each} for at, each in zip(chosen, added, strict=True)],
        {"all": (len(rows), len(chosen))},
    )
