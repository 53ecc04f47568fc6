"""A fielded survey of the sample town."""

from __future__ import annotations


def examples(town) -> dict[str, dict]:
    from comity.site.surveys.fielding import field_and_invite
    from comity.site.surveys.invitations.actions import Case
    from comity.site.surveys.questionnaire.bank import standard_questionnaire
    from comity.site.surveys.responses import queries
    from comity.site.surveys.rules import ACCESS

    queries.fielded.cache_clear()
    field_and_invite(
        "town",
        standard_questionnaire().as_json(),
        [Case(f"{n:05d}", "all") for n in range(50)],
        keys=town.folder / "keys",
        answers_url="/survey/town/",
    )
    without = ("surveys:code", "surveys:code_token", "surveys:surveys", "surveys:office")
    of_a_form = ("surveys:office_paper_form", "surveys:office_paper_set_aside")
    return {
        name: {"name": "town", "number": "000000"} if name in of_a_form else {"name": "town"}
        for name in ACCESS
        if name not in without
    }
