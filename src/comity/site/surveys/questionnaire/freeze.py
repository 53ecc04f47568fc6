"""A questionnaire is sealed before anybody is asked: its file stands in the public folder, and the ledger names its digest.

After that nothing of it changes: a mended question is a new version, in a file of its own. So everybody can check that what was
asked is what was announced.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from comity.errors import ComityError
from comity.ledger import Log, Signer, seal_files, start_ledger, verify
from comity.releases.states import next_state, write_file
from comity.site.surveys.questionnaire.lint import errors, lint
from comity.site.surveys.questionnaire.model import NAME, Questionnaire, read_questionnaire

KIND = "questionnaire"


class FrozenError(ComityError):
    """A sealed questionnaire is not what somebody would make of it."""


def sealed_path(survey: str, version: str) -> str:
    """Where a sealed questionnaire stands, from the public folder: surveys/SURVEY/questionnaire-VERSION.json."""
    return f"surveys/{survey}/questionnaire-{version}.json"


def freeze_questionnaire(
    folder: Path, questionnaire: Questionnaire, *, survey: str, signer: Signer, today: date
) -> str:
    """Seal `questionnaire` as the one that `survey` asks, in the public folder of the instance in `folder`; gives its path.

    The same again changes nothing. Raises FrozenError when another text stands under this version already, when a text is
    missing in a language, or when the public folder is not what its own log says. Call inside `only_publisher`.
    """
    if not NAME.fullmatch(survey) or not NAME.fullmatch(f"v{questionnaire.version}"):
        raise FrozenError(
            f"The survey is called '{survey}' and the version '{questionnaire.version}'.",
            "Use letters, digits, _ and - in both.",
        )
    wrong = errors(lint(questionnaire))
    if wrong:
        raise FrozenError(
            f"The questionnaire cannot be sealed: {len(wrong)} texts are missing; the first is {wrong[0].where} in "
            f"'{wrong[0].language}'.",
            "Run comity survey lint to see all, and translate them.",
        )
    public, path, data = folder / "public", sealed_path(survey, questionnaire.version), questionnaire.as_json()
    if public.exists():
        problems = verify(public, vkey=signer.verifier.vkey).problems
        if problems:
            raise FrozenError(
                f"The public folder is not what its log says: {problems[0]}.",
                "Restore it; run comity verify to see more.",
            )
        if (public / path).exists():
            if (public / path).read_bytes() == data:
                return path
            raise FrozenError(
                f"Version {questionnaire.version} of the questionnaire of '{survey}' is sealed, and it is another text.",
                "What people were asked never changes; give the new text a new version.",
            )
    with next_state(folder) as state:
        if not (state / "ledger").exists():
            start_ledger(state, signer=signer, extra={"date": today.isoformat()})
        write_file(state / path, data)
        about = {"date": today.isoformat(), "survey": survey, "version": questionnaire.version}
        seal_files(state, KIND, [path], signer=signer, extra=about)
    return path


def sealed_questionnaire(folder: Path, survey: str, version: str) -> Questionnaire:
    """The sealed questionnaire of a survey. Raises FrozenError when it is absent or is not what the ledger says."""
    path = folder / "public" / sealed_path(survey, version)
    if not path.is_file():
        raise FrozenError(
            f"No questionnaire of '{survey}' in version {version} is sealed.",
            "Seal it with comity survey freeze first.",
        )
    entry = _sealed_digest(folder / "public", sealed_path(survey, version))
    questionnaire = read_questionnaire(path.read_bytes())
    if entry != questionnaire.digest:
        raise FrozenError(
            f"{path} is not what was sealed.",
            "Restore it from a mirror; nothing is asked with a changed questionnaire.",
        )
    return questionnaire


def _sealed_digest(public: Path, path: str) -> str | None:
    found: str | None = None
    for data in Log(public / "ledger").entries():
        record: dict[str, Any] = json.loads(data)
        if path in record.get("files", {}) and record.get("kind") == KIND:
            found = record["files"][path]["sha256"]
    return found


def sealed_versions(public: Path, survey: str) -> Sequence[str]:
    """Versions of a survey's questionnaire that are sealed, in the order of their names."""
    folder = public / "surveys" / survey
    return sorted(each.stem.removeprefix("questionnaire-") for each in folder.glob("questionnaire-*.json"))
