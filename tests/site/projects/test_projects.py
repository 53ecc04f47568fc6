"""A small project goes from an idea to what changed, in public, and one that stands still shows it by itself."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

FORM = "application/x-www-form-urlencoded"


def post(client, address, **given):
    return client.post(address, urlencode(given), content_type=FORM)


def test_a_project_goes_from_idea_to_what_changed(clients, propose, step):
    proposed = propose()
    step(proposed.project, "helpers", "Twelve neighbors and the school.")
    step(proposed.project, "plan", "Ask the city for poles.", budget=450)
    step(proposed.project, "done", "The stop is lit until midnight.", before="Nobody waited there after dark.")

    page = clients["anyone"].get(f"/projects/{proposed.project.pk}/").content.decode()

    order = ["Three lamps", "Twelve neighbors", "Budget: $450", "Nobody waited there", "lit until midnight"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert ">done</span>" in clients["anyone"].get("/projects/").content.decode()


def test_without_a_step_for_sixty_days_it_is_shown_as_stalled_and_first(clients, propose, step, at):
    at(-59)
    slow = propose(title="Slow one")
    at(-1)
    propose(title="New one")

    at(0)
    assert "no step for" not in clients["anyone"].get("/projects/").content.decode()
    at(1)
    page = clients["anyone"].get("/projects/").content.decode()
    assert "no step for 60 days" in page
    assert page.index("Slow one") < page.index("New one")

    step(slow.project)
    assert "no step for" not in clients["anyone"].get("/projects/").content.decode()


def test_a_step_is_seen_only_after_somebody_read_it(clients, propose, step):
    proposed = propose()
    step(proposed.project, text="Unread so far", publish=False)
    hidden = propose(title="Hidden idea", publish=False)

    for address in ("/projects/", f"/projects/{proposed.project.pk}/"):
        page = clients["anyone"].get(address).content.decode()
        assert "Unread so far" not in page and "Hidden idea" not in page
    assert clients["anyone"].get(f"/projects/{hidden.project.pk}/").status_code == 404
    assert "Unread so far" in clients["moderator"].get("/office/projects/").content.decode()
    assert (
        "not read by a moderator yet"
        in post(clients["anyone"], "/projects/follow/", receipt=hidden.code).content.decode()
    )


def test_what_is_left_out_is_erased_with_its_pictures(town, clients, propose):
    from comity.site.projects.actions import decide
    from comity.site.projects.models import Picture, Project, Step

    proposed = propose("Zanzibar street", "Zanzibar is bad.", publish=False)
    decide(proposed.project.steps.get(), publish=False, rule="person", by=town.people["community-leader"])

    assert (Project.objects.get().title, Step.objects.get().text, Picture.objects.count()) == ("", "", 0)
    page = post(clients["anyone"], "/projects/follow/", receipt=proposed.code).content.decode()
    assert "names or shows a private person" in page and "Zanzibar" not in page


def test_a_project_that_is_done_says_how_it_was_before(propose, step):
    from comity.site.projects.actions import ProjectRefused

    proposed = propose()
    with pytest.raises(ProjectRefused, match="how it was before"):
        step(proposed.project, "done", "Better now.")
    step(proposed.project, "done", "Better now.", before="Dark.")
    with pytest.raises(ProjectRefused, match="has ended"):
        step(proposed.project, "work", "More.")


def test_nothing_follows_an_idea_that_nobody_has_read(propose, step):
    from comity.site.projects.actions import ProjectRefused

    with pytest.raises(ProjectRefused, match="not public yet"):
        step(propose(publish=False).project)


def test_a_community_leader_carries_a_project_on_in_public_at_once(town, clients, propose):
    proposed = propose()
    address = f"/office/projects/{proposed.project.pk}/"
    token = re.search(r'name="form" value="([^"]+)"', clients["community-leader"].get(address).content.decode())[1]

    answer = clients["community-leader"].post(address, {"stage": "work", "text": "The city said yes.", "form": token})

    assert answer.status_code == 302
    assert "The city said yes." in clients["anyone"].get(f"/projects/{proposed.project.pk}/").content.decode()


def test_the_holder_of_the_receipt_sends_a_step_with_a_picture(town, clients, propose):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from comity.site.projects.models import Step

    proposed = propose()
    mine = post(clients["anyone"], "/projects/follow/", receipt=proposed.code).content.decode()
    token = re.search(r'name="form" value="([^"]+)"', mine)[1]
    given = {
        "receipt": proposed.code, "form": token, "stage": "done", "text": "Lit.", "before": "Dark.",
        "words_after": "A lit bus stop", "picture_after": SimpleUploadedFile("after.png", PNG, "text/html"),
    }  # fmt: skip

    for _twice in range(2):
        given["picture_after"].seek(0)
        answer = clients["anyone"].post("/projects/carry-on/", given)
    assert answer.status_code == 200 and not answer.cookies

    (step,) = Step.objects.filter(stage="done")
    number = step.pictures.get().pk
    assert clients["anyone"].get(f"/projects/pictures/{number}/").status_code == 404
    assert clients["moderator"].get(f"/office/projects/pictures/{number}/").status_code == 200
    clients["moderator"].post(f"/office/projects/steps/{step.pk}/decide/", {"publish": "yes"})
    shown = clients["anyone"].get(f"/projects/pictures/{number}/")
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "sandbox" in shown["Content-Security-Policy"]
    assert 'alt="A lit bus stop"' in clients["anyone"].get(f"/projects/{proposed.project.pk}/").content.decode()


def test_a_picture_without_words_is_refused(clients, propose):
    from django.core.files.uploadedfile import SimpleUploadedFile

    proposed = propose()
    given = {"receipt": proposed.code, "form": "x", "stage": "work", "text": "a"}
    answer = clients["anyone"].post(
        "/projects/carry-on/", {**given, "picture_before": SimpleUploadedFile("a.png", PNG)}
    )

    assert answer.status_code == 422
    assert "for people who cannot see it" in answer.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE projects_step SET text = 'Another'",
        "UPDATE projects_step SET stage = 'done'",
        "UPDATE projects_decision SET is_published = 0",
        "DELETE FROM projects_decision",
        "UPDATE projects_step SET before = 'x'",
        "UPDATE projects_step SET budget = 5",
    ],
)
def test_the_database_refuses_to_change_what_was_said(propose, change):
    from django.db import DatabaseError, connection, transaction

    propose()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_another_agencys_project_is_not_found(town, propose, step):
    from django.test import Client

    proposed = propose()
    unread = step(proposed.project, publish=False)
    for role in ("community-leader", "moderator"):
        stranger = Client()
        stranger.force_login(town.strangers[role])
        assert stranger.post(f"/office/projects/steps/{unread.pk}/decide/", {"publish": "yes"}).status_code == 404
        assert "We began." not in stranger.get("/office/projects/").content.decode()
    leader = Client()
    leader.force_login(town.strangers["community-leader"])
    assert leader.get(f"/office/projects/{proposed.project.pk}/").status_code == 404


@pytest.mark.parametrize(("who", "address"), [("anyone", "/projects/"), ("moderator", "/office/projects/")])
def test_a_list_asks_the_database_as_often_for_a_hundred_projects_as_for_one(clients, propose, step, who, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts, made = [], 0
    for many in (1, 3, 100):
        for _number in range(made, many):
            step(propose().project, publish=False)
        made = many
        with CaptureQueriesContext(connection) as seen:
            assert clients[who].get(address).status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1] == counts[2] < 12


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c494441"
    "54789c63484c4a0600024e0127c0619e190000000049454e44ae426082"
)
