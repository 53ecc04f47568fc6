"""The office lists what awaits somebody in every room, urgent things first."""

from __future__ import annotations


def test_the_office_lists_the_duties_of_every_room(clients, monkeypatch):
    from comity.site.community.duties import Duty
    from comity.site.planning import office as planning
    from comity.site.training import office as training

    monkeypatch.setattr(planning, "duties", lambda account: [Duty(f"Sign as {account.role}", "/plans/1/")])
    monkeypatch.setattr(training, "duties", lambda account: [Duty("Rosters", "/r/", "3 overdue", is_urgent=True)])

    page = clients["moderator"].get("/office/").content.decode()

    assert "Sign as moderator" in page
    assert page.index("3 overdue") < page.index("/plans/1/")
    assert clients["anyone"].get("/office/").headers["Location"] == "/office/sign-in/?next=/office/"


def test_whom_nothing_awaits_is_told_so(clients):
    assert (
        "Nothing awaits you"
        in clients["auditor"].get("/es/office/").content.decode() + clients["auditor"].get("/office/").content.decode()
    )


def test_signing_in_leads_to_the_office_and_out_of_it(town):
    from django.test import Client

    client = Client()
    fields = {"username": "custodian@sample-town", "password": "a long pass phrase"}

    assert client.post("/office/sign-in/", fields).headers["Location"] == "/office/"
    assert "/office/surveys/" in client.get("/office/").content.decode()
    client.post("/office/sign-out/")
    assert client.get("/office/").status_code == 302
