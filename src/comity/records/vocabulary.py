"""The standard columns and codes of each kind of police record, each defined in every language.

Stops follow the names of the Stanford Open Policing Project (Pierson et al. 2020, data README); use of force follows
the FBI's National Use-of-Force Data Collection, with an agency's own, broader definition beside it; complaints keep
allegation, finding and discipline apart. A record type is data: a department differs by its mapping, never by a class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from comity.wording import Message, message

Kind = Literal["text", "integer", "number", "date", "time", "boolean", "code"]

NOT_RECORDED = "not recorded"
"""What a missing value is called wherever rows are grouped; `unknown` is a value somebody recorded."""


@dataclass(frozen=True)
class Code:
    """One value of a coded column, with what residents read."""

    value: str
    label: Message
    definition: Message


@dataclass(frozen=True)
class Column:
    """One standard column.

    codes: the closed list of a `code` column. between: lowest and highest believable value, both included.
    needs: a yes/no column; where that one is not yes, this one is missing. contradicts_no: a yes/no column; where that
    one is no, a yes here contradicts it and becomes missing. required: a row without it is rejected, unless the mapping
    says otherwise. is_personal: about one person, so it never leaves the records except in groups.
    """

    name: str
    kind: Kind
    label: Message
    definition: Message
    codes: tuple[Code, ...] = ()
    between: tuple[float, float] | None = None
    needs: str | None = None
    contradicts_no: str | None = None
    required: bool = False
    is_personal: bool = False

    @property
    def code_values(self) -> tuple[str, ...]:
        return tuple(code.value for code in self.codes)


@dataclass(frozen=True)
class RecordType:
    """One kind of record: what a row is, and its standard columns by name."""

    name: str
    label: Message
    one_row_is: Message
    columns: Mapping[str, Column]


def record_types() -> dict[str, RecordType]:
    """Every record type by name."""
    return dict(_RECORD_TYPES)


def codes_for_yes_no() -> tuple[Code, ...]:
    """How true/false columns are grouped and shown."""
    return _YES_NO


# --- codes shared by several record types -------------------------------------------------------------------------

_YES_NO = (
    Code("yes", message("Yes"), message("It was recorded that this happened.")),
    Code("no", message("No"), message("It was recorded that this did not happen.")),
)
_UNKNOWN = Code(
    "unknown", message("Unknown"), message("Somebody recorded that it is not known; this is not the same as no entry.")
)
RACES = (
    Code(
        "asian/pacific islander",
        message("Asian or Pacific Islander"),
        message("Recorded as Asian, Native Hawaiian or Pacific Islander, and not as Hispanic."),
    ),
    Code("black", message("Black"), message("Recorded as Black or African American, and not as Hispanic.")),
    Code(
        "hispanic",
        message("Hispanic or Latino"),
        message("Recorded as Hispanic or Latino, whatever race was recorded beside it."),
    ),
    Code("white", message("White"), message("Recorded as White, and not as Hispanic.")),
    Code(
        "other",
        message("Other race"),
        message("Recorded as another race, such as American Indian or of several races, and not as Hispanic."),
    ),
    _UNKNOWN,
)
SEXES = (
    Code("female", message("Female"), message("Recorded as female.")),
    Code("male", message("Male"), message("Recorded as male.")),
    Code("nonbinary", message("Nonbinary"), message("Recorded as nonbinary or as another gender.")),
    _UNKNOWN,
)


# --- columns shared by several record types -----------------------------------------------------------------------

_RECORD_ID = Column(
    "record_id",
    "text",
    message("Record number"),
    message("The agency's own number of this record. It is never published."),
    is_personal=True,
)
_WHEN_AND_WHERE = (
    Column("date", "date", message("Date"), message("The day it happened, in local time."), required=True),
    Column("time", "time", message("Time"), message("The time of day it happened, in local time.")),
    Column(
        "location",
        "text",
        message("Location"),
        message("Where it happened, as the agency wrote it down. It is never published row by row."),
        is_personal=True,
    ),
    Column(
        "lat",
        "number",
        message("Latitude"),
        message("How far north it happened, in degrees."),
        between=(-90, 90),
        is_personal=True,
    ),
    Column(
        "lng",
        "number",
        message("Longitude"),
        message("How far east it happened, in degrees; west is negative."),
        between=(-180, 180),
        is_personal=True,
    ),
    Column("county_name", "text", message("County"), message("The county where it happened.")),
    Column("neighborhood", "text", message("Neighborhood"), message("The neighborhood where it happened.")),
    Column("beat", "text", message("Beat"), message("The police beat, the smallest patrol area, where it happened.")),
    Column("district", "text", message("District"), message("The police district where it happened.")),
    Column("precinct", "text", message("Precinct"), message("The police precinct where it happened.")),
    Column("zone", "text", message("Zone"), message("The police zone where it happened.")),
)
_SUBJECT = (
    Column(
        "subject_age",
        "integer",
        message("Age of the person"),
        message("The person's age in years when it happened."),
        between=(0, 120),
        is_personal=True,
    ),
    Column(
        "subject_race",
        "code",
        message("Race or ethnicity of the person"),
        message("The person's race or ethnicity as recorded by police. A Hispanic ethnicity counts before a race."),
        codes=RACES,
    ),
    Column(
        "subject_sex",
        "code",
        message("Sex of the person"),
        message("The person's sex or gender as recorded by police."),
        codes=SEXES,
    ),
)
_OFFICER_AND_DEPARTMENT = (
    Column(
        "officer_id_hash",
        "text",
        message("Officer, as a code"),
        message(
            "A code that stands for one officer, so that records can be counted by officer. It is never published."
        ),
        is_personal=True,
    ),
    Column("department_name", "text", message("Department"), message("The police department that keeps the record.")),
)
_VIOLATION = Column(
    "violation", "text", message("Violation"), message("The law or rule that the record names as broken.")
)


def _yes_no(
    name: str, label: Message, definition: Message, needs: str | None = None, contradicts_no: str | None = None
) -> Column:
    return Column(name, "boolean", label, definition, needs=needs, contradicts_no=contradicts_no)


# --- the record types ---------------------------------------------------------------------------------------------

_ARREST_MADE = _yes_no("arrest_made", message("Arrest made"), message("Whether the person was arrested."))
_SEARCH = (
    _yes_no(
        "frisk_performed", message("Frisk performed"), message("Whether an officer patted the person down for weapons.")
    ),
    _yes_no(
        "search_conducted",
        message("Search conducted"),
        message("Whether the person, the vehicle or both were searched."),
    ),
    _yes_no(
        "search_person",
        message("Person searched"),
        message("Whether the person was searched. “Yes” cannot stand where no search was conducted."),
        contradicts_no="search_conducted",
    ),
    _yes_no(
        "search_vehicle",
        message("Vehicle searched"),
        message("Whether the vehicle was searched. “Yes” cannot stand where no search was conducted."),
        contradicts_no="search_conducted",
    ),
    Column(
        "search_basis",
        "code",
        message("Basis of the search"),
        message("The legal reason given for the search. Recorded only where a search was conducted."),
        codes=(
            Code("k9", message("Police dog"), message("A police dog gave an alert.")),
            Code("plain view", message("Plain view"), message("Something illegal could be seen without searching.")),
            Code("consent", message("Consent"), message("The person agreed to the search.")),
            Code("probable cause", message("Probable cause"), message("The officer gave reasons to expect evidence.")),
            Code("other", message("Other basis"), message("Another basis, such as an arrest or a towed vehicle.")),
        ),
        needs="search_conducted",
    ),
    Column(
        "reason_for_search",
        "text",
        message("Reason for the search"),
        message("Why the search was made, as the agency wrote it down."),
        needs="search_conducted",
    ),
    _yes_no(
        "contraband_found",
        message("Contraband found"),
        message("Whether anything illegal was found. Recorded only where a search was conducted."),
        needs="search_conducted",
    ),
    _yes_no(
        "contraband_drugs",
        message("Drugs found"),
        message("Whether drugs were found. Recorded only where a search was conducted."),
        needs="search_conducted",
    ),
    _yes_no(
        "contraband_weapons",
        message("Weapons found"),
        message("Whether weapons were found. Recorded only where a search was conducted."),
        needs="search_conducted",
    ),
)
_STOP_COLUMNS = (
    _RECORD_ID,
    *_WHEN_AND_WHERE,
    *_SUBJECT,
    Column(
        "officer_perceived_race",
        "code",
        message("Race or ethnicity, as the officer perceived it before the stop"),
        message("What the officer took the person's race or ethnicity to be before speaking with the person."),
        codes=RACES,
    ),
    *_OFFICER_AND_DEPARTMENT,
    Column(
        "type",
        "code",
        message("Type of stop"),
        message("Whether a person on foot or a vehicle was stopped."),
        codes=(
            Code("pedestrian", message("Pedestrian stop"), message("A person on foot was stopped.")),
            Code("vehicular", message("Vehicle stop"), message("A vehicle was stopped.")),
        ),
    ),
    _VIOLATION,
    _ARREST_MADE,
    _yes_no("citation_issued", message("Citation issued"), message("Whether a citation (a ticket) was issued.")),
    _yes_no("warning_issued", message("Warning issued"), message("Whether a warning was given.")),
    Column(
        "outcome",
        "code",
        message("Outcome of the stop"),
        message("The most severe outcome of the stop: an arrest counts before a summons, a citation and a warning."),
        codes=(
            Code("warning", message("Warning"), message("A warning was the most severe outcome.")),
            Code("citation", message("Citation"), message("A citation (a ticket) was the most severe outcome.")),
            Code("summons", message("Summons"), message("An order to appear in court was the most severe outcome.")),
            Code("arrest", message("Arrest"), message("The person was arrested.")),
        ),
    ),
    *_SEARCH,
    Column(
        "reason_for_stop",
        "text",
        message("Reason for the stop"),
        message("Why the stop was made, as the agency wrote it down."),
    ),
    Column(
        "use_of_force_description",
        "text",
        message("Use of force during the stop"),
        message("What force was used during the stop, as the agency wrote it down. It is never published row by row."),
        is_personal=True,
    ),
)
_OFFENSE = Column(
    "offense", "text", message("Offense"), message("The offense the record names, as the agency wrote it down.")
)
_OFFENSE_LEVEL = Column(
    "offense_level",
    "code",
    message("Level of the offense"),
    message("How severe the law says the most serious offense on the record is."),
    codes=(
        Code("felony", message("Felony"), message("A crime that can be punished by more than a year in prison.")),
        Code("misdemeanor", message("Misdemeanor"), message("A less severe crime, often punished by a fine or jail.")),
        Code("infraction", message("Infraction"), message("A violation that is punished by a fine only.")),
        _UNKNOWN,
    ),
)
_ARREST_COLUMNS = (
    _RECORD_ID,
    *_WHEN_AND_WHERE,
    *_SUBJECT,
    *_OFFICER_AND_DEPARTMENT,
    _OFFENSE,
    _OFFENSE_LEVEL,
    Column(
        "arrest_basis",
        "code",
        message("Basis of the arrest"),
        message("How the arrest came about, after the three arrest types of the FBI's NIBRS."),
        codes=(
            Code("on view", message("On view"), message("Taken into custody without a warrant or an earlier report.")),
            Code("summoned", message("Summoned or cited"), message("Ordered to appear, and not taken into custody.")),
            Code("taken into custody", message("Taken into custody"), message("Arrested on a warrant or a report.")),
        ),
    ),
)
_CITATION_COLUMNS = (
    _RECORD_ID,
    *_WHEN_AND_WHERE,
    *_SUBJECT,
    *_OFFICER_AND_DEPARTMENT,
    _VIOLATION,
    Column(
        "citation_kind",
        "code",
        message("Kind of citation"),
        message("What the citation is about."),
        codes=(
            Code("traffic", message("Traffic"), message("A moving violation, such as speeding.")),
            Code("equipment", message("Equipment"), message("Something about the vehicle, such as a broken light.")),
            Code("parking", message("Parking"), message("A parking violation.")),
            Code("other", message("Other citation"), message("Anything else, such as an ordinance about noise.")),
        ),
    ),
)
_INJURIES = (
    Code("none", message("No injury"), message("The record says that nobody was injured.")),
    Code("injury", message("Injury"), message("An injury was recorded that was not recorded as serious.")),
    Code(
        "serious injury",
        message("Serious injury"),
        message("A serious bodily injury: a risk of death, lasting harm or long loss of the use of a body part."),
    ),
    Code("death", message("Death"), message("The person died.")),
    _UNKNOWN,
)
_FORCE_COLUMNS = (
    _RECORD_ID,
    *_WHEN_AND_WHERE,
    *_SUBJECT,
    *_OFFICER_AND_DEPARTMENT,
    _OFFENSE,
    Column(
        "reason_for_contact",
        "text",
        message("Reason for the contact"),
        message("What brought the officer and the person together, as the agency wrote it down."),
    ),
    _yes_no(
        "is_911_call", message("Followed a 911 call"), message("Whether the contact began with a call to the police.")
    ),
    Column(
        "force_type",
        "code",
        message("Type of force"),
        message("The most severe type of force the record names."),
        codes=(
            Code("physical", message("Physical force"), message("Hands, feet or body weight, without a weapon.")),
            Code("restraint", message("Restraint"), message("A device that holds a person, such as a hobble.")),
            Code("chemical", message("Chemical spray"), message("Pepper spray, tear gas or another irritant.")),
            Code("impact weapon", message("Impact weapon"), message("A baton or a projectile meant not to kill.")),
            Code("electronic", message("Electronic weapon"), message("A device such as a Taser.")),
            Code("k9", message("Police dog"), message("A police dog was used.")),
            Code("vehicle", message("Vehicle"), message("A police vehicle was used, or a pursuit ended by force.")),
            Code("firearm pointed", message("Firearm pointed"), message("A firearm was pointed and not fired.")),
            Code("firearm", message("Firearm discharged"), message("A firearm was fired.")),
            Code("other", message("Other force"), message("Force of another type.")),
            _UNKNOWN,
        ),
    ),
    Column(
        "force_description",
        "text",
        message("Force, in the agency's words"),
        message("What force was used, as the agency wrote it down."),
    ),
    Column(
        "resistance",
        "text",
        message("Resistance"),
        message("How the person resisted, as the officer reported it."),
    ),
    _yes_no(
        "subject_armed", message("Person armed"), message("Whether the person was armed, as the officer reported.")
    ),
    Column(
        "subject_injury",
        "code",
        message("Injury to the person"),
        message("The most severe injury to the person on whom force was used."),
        codes=_INJURIES,
    ),
    Column(
        "officer_injury",
        "code",
        message("Injury to an officer"),
        message("The most severe injury to an officer."),
        codes=_INJURIES,
    ),
    _yes_no(
        "meets_national_definition",
        message("Counts under the national definition"),
        message(
            "Whether the FBI's national collection counts it: a death, a serious bodily injury, or a firearm fired at "
            "a person. The agency's own definition is broader."
        ),
    ),
)
_FINDINGS = (
    Code("sustained", message("Sustained"), message("The evidence supports the allegation.")),
    Code("not sustained", message("Not sustained"), message("The evidence is not enough to decide either way.")),
    Code("exonerated", message("Exonerated"), message("It happened, and it was lawful and within policy.")),
    Code("unfounded", message("Unfounded"), message("The evidence shows that it did not happen.")),
    Code("open", message("Still open"), message("No finding had been made when the records were released.")),
    Code(
        "closed without finding", message("Closed without a finding"), message("Closed, withdrawn or not investigated.")
    ),
    _UNKNOWN,
)
_COMPLAINT_COLUMNS = (
    _RECORD_ID,
    # Agencies publish allegations apart from the complaints that hold their dates.
    *(replace(column, required=False) for column in _WHEN_AND_WHERE),
    *_SUBJECT,
    *_OFFICER_AND_DEPARTMENT,
    Column("received_date", "date", message("Date received"), message("The day the complaint reached the agency.")),
    Column("closed_date", "date", message("Date closed"), message("The day the complaint was closed.")),
    Column(
        "allegation",
        "text",
        message("Allegation"),
        message("What the complaint says happened. An allegation is not a finding."),
    ),
    Column(
        "recommended_finding",
        "code",
        message("Recommended finding"),
        message("What the investigator recommended."),
        codes=_FINDINGS,
    ),
    Column(
        "finding",
        "code",
        message("Finding"),
        message("What was decided about the allegation in the end."),
        codes=_FINDINGS,
    ),
    Column(
        "discipline",
        "code",
        message("Discipline"),
        message("What the agency decided to do. Discipline is kept apart from the finding."),
        codes=(
            Code("none", message("No discipline"), message("No discipline was given.")),
            Code("counseling", message("Counseling or training"), message("Advice, training or a noted violation.")),
            Code("reprimand", message("Reprimand"), message("A written reprimand.")),
            Code("suspension", message("Suspension"), message("Days without duty.")),
            Code("separation", message("Separation"), message("Dismissal, or leaving while the matter was open.")),
            Code("other", message("Other discipline"), message("Discipline of another kind.")),
            _UNKNOWN,
        ),
    ),
)
_CALL_COLUMNS = (
    _RECORD_ID,
    *_WHEN_AND_WHERE,
    *_OFFICER_AND_DEPARTMENT,
    Column(
        "call_type", "text", message("Type of call"), message("What the call was about, as the agency wrote it down.")
    ),
    Column(
        "call_source",
        "code",
        message("Who began it"),
        message("Whether a member of the public called or an officer began the contact."),
        codes=(
            Code("public", message("Called in"), message("A member of the public asked for the police.")),
            Code("officer", message("Officer-initiated"), message("An officer began it.")),
            Code("other", message("Another source"), message("An alarm or another agency.")),
            _UNKNOWN,
        ),
    ),
    Column("priority", "text", message("Priority"), message("How urgent the agency took the call to be.")),
    Column(
        "response_minutes",
        "number",
        message("Minutes until police arrived"),
        message("Minutes from the call until the first officer arrived."),
        between=(0, 14400),
    ),
    Column(
        "disposition",
        "text",
        message("How it ended"),
        message("How the call was closed, as the agency wrote it down."),
    ),
)


def _record_type(name: str, label: Message, one_row_is: Message, columns: tuple[Column, ...]) -> RecordType:
    return RecordType(name, label, one_row_is, MappingProxyType({column.name: column for column in columns}))


_RECORD_TYPES = {
    each.name: each
    for each in (
        _record_type("stop", message("Stops"), message("One person stopped by police."), _STOP_COLUMNS),
        _record_type("arrest", message("Arrests"), message("One arrest of one person."), _ARREST_COLUMNS),
        _record_type("citation", message("Citations"), message("One citation given to one person."), _CITATION_COLUMNS),
        _record_type(
            "use of force",
            message("Uses of force"),
            message("One officer's report of force used on one person."),
            _FORCE_COLUMNS,
        ),
        _record_type(
            "complaint",
            message("Complaints"),
            message("One allegation against one officer, or one complaint where allegations are not listed."),
            _COMPLAINT_COLUMNS,
        ),
        _record_type(
            "call for service",
            message("Calls for service"),
            message("One call that police were sent to."),
            _CALL_COLUMNS,
        ),
    )
}
