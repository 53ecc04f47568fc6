"""One of each thing that a page of projects is about, for the walk over every address."""

from __future__ import annotations

from typing import Any


def examples(town: Any) -> dict[str, dict[str, Any]]:
    """View name -> the arguments of its address."""
    from comity.site.community.receipts import new_form_token, receipt_for
    from comity.site.projects.actions import Said, carry_on, decide, propose
    from comity.site.projects.bare_pictures import Bare

    moderator = town.people["moderator"]
    receipt = receipt_for(new_form_token())
    project = propose("Lamps", "Light.", agency=town.agency, place=None, receipt=receipt, language="en")
    decide(project.steps.get(), publish=True, by=moderator)
    picture = Bare("image/png", b"\x89PNG\r\n\x1a\n")
    shown = Said(stage="work", text="We began.", pictures={False: (picture, "A dark street")})
    public = carry_on(project, shown, once="1", by=None)
    decide(public, publish=True, by=moderator)
    unread = carry_on(project, shown, once="2", by=None)
    number = {"number": project.pk}
    return {
        "projects:project": number,
        "projects:picture": {"number": public.pictures.get().pk},
        "projects:office_project": number,
        "projects:office_decide": {"number": unread.pk},
        "projects:office_picture": {"number": unread.pictures.get().pk},
    }
