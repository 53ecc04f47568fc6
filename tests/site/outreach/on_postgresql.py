"""A program for a test: what SQLite refuses in outreach and projects, PostgreSQL refuses too. Prints what was not refused."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

ON_EMPTY = {
    "outreach_event": ("title = 'Another'", "sequence = sequence", "ends = starts, sequence = sequence + 1"),
    "outreach_question": ("text = 'Another'", "asked = now()"),
    "outreach_answer": ("text = 'Another'",),
    "outreach_decision": ("is_published = FALSE",),
    "outreach_judgement": ("is_answer = TRUE",),
    "outreach_profile": ("words = 'Another'", "expires = NULL"),
    "outreach_subscription": ("address = 'reader@example.org'", "confirmed = now()"),
    "outreach_contactcount": ("month = '2018-04-02'",),
    "projects_step": ("text = 'Another'", "before = 'x'", "budget = 5"),
    "projects_decision": ("is_published = FALSE",),
}


def main(folder: Path, url: str) -> None:
    from comity.site.server import SiteSetup, prepare_site

    (folder / "keys").mkdir()
    prepare_site(SiteSetup(folder, databases={"default": url}))
    from django.db import DatabaseError, connection, transaction

    from comity.site.community.actions import add_account
    from comity.site.community.models import Agency
    from comity.site.community.roles import OF_THE_POLICE, Role
    from comity.site.outreach import demo as outreach
    from comity.site.outreach.actions.subscriptions import subscribe
    from comity.site.projects import demo as projects

    agency = Agency.objects.create(slug="sample-town", name="Sample Town")
    people = {
        role: add_account(
            f"{role}", role=role, password="a long pass phrase", works_for_police=role in OF_THE_POLICE, agency=agency
        )
        for role in Role.values
    }
    for room in (outreach, projects):
        room.fill(agency, people, now=datetime(2026, 5, 15, 12, tzinfo=UTC), folder=folder)
    subscribe("reader@example.org", agency=agency, topic="events", place=None, language="en")
    subscribe("reader@example.org", agency=agency, topic="events", place=None, language="en")
    for table, changes in ON_EMPTY.items():
        for change in changes:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"UPDATE {table} SET {change}")
                print(table, change, cursor.rowcount)
            except DatabaseError:
                pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outreach_subscription")
        print("subscriptions", cursor.fetchone()[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
