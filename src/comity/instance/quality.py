"""What a release says about its own data: where every row went, what is missing, and why rows were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comity.disclosure import Policy
from comity.instance.protection import privacy_budget
from comity.records import StandardisedRecords, count
from comity.wording import Message, message

_REASONS: dict[str, Message] = {
    "it is missing": message("the value is missing"),
    "it is not in the code list": message("the value is not one of the known codes"),
    "it follows none of the formats": message("the date or time cannot be read"),
    "it is not a whole number": message("the value is not a whole number"),
    "it is not a number": message("the value is not a number"),
    "it has too few values": message("the row has too few values"),
    "it has too many values": message("the row has too many values"),
}
_OUT_OF_RANGE = message("the value is outside the believable range")
_UNREADABLE = message("the row cannot be read")


def quality_of(records: StandardisedRecords, policy: Policy, languages: Sequence[str]) -> dict[str, Any]:
    """Where every row went and what is missing, in the form of docs/reference/release-json.md."""
    account = records.accounting
    labels = {each["name"]: each["label"] for each in records.dictionary}
    missing = []
    for name in records.columns:
        if name not in labels:
            continue
        blank = account.missing_by_column.get(name, 0)
        missing.append(
            {
                "column": name,
                "label": labels[name],
                "not_recorded": _not_small(blank, policy),
                "unknown": _not_small(_unknown(records, name), policy),
                "rows": account.accepted,
            }
        )
    months = count(records, by=["month"]) if "date" in records.columns else None
    return {
        "accounting": accounting_of(records),
        "rejects": [
            {"reason": reason_texts(reason, labels, languages), "rows": _not_small(rows, policy)}
            for reason, rows in account.rejects_by_reason.items()
        ],
        "missing": missing,
        "reporting": [
            {"period": month, "rows": _not_small(rows, policy)}
            for month, rows in zip(months["month"].to_pylist(), months["count"].to_pylist(), strict=True)
        ]
        if months is not None
        else [],
        "files": [{key: each[key] for key in ("sha256", "bytes", "rows")} for each in account.files],
        "formats": account.date_format_hits,
        **({"privacy_budget": privacy_budget(records)} if policy.method == "dp" else {}),
    }


def accounting_of(records: StandardisedRecords) -> dict[str, int]:
    account = records.accounting
    return {
        "rows": account.source_rows,
        "accepted": account.accepted,
        "rejected": account.rejected,
        "duplicates": account.duplicates,
    }


def _not_small(rows: int, policy: Policy) -> int | None:
    """`rows`, or None where so few rows could point to a person."""
    return None if policy.hides(rows) else rows


def _unknown(records: StandardisedRecords, name: str) -> int:
    described = next(each for each in records.dictionary if each["name"] == name)
    if not any(code["value"] == "unknown" for code in described["codes"]):
        return 0
    return int(count(records, where={name: "unknown"})["count"][0].as_py())


def reason_texts(reason: str, labels: Mapping[str, Mapping[str, str]], languages: Sequence[str]) -> dict[str, str]:
    """A reject reason of `comity.records` ("column: what is wrong") for residents, in each language."""
    column, colon, wrong = reason.partition(": ")
    if not colon:
        wrong = reason
    said = _REASONS.get(wrong) or (_OUT_OF_RANGE if wrong.startswith("it is outside ") else _UNREADABLE)
    texts = said.in_languages(languages)
    if column not in labels:
        return texts
    return {language: f"{labels[column][language]}: {texts[language]}" for language in languages}
