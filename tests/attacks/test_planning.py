"""Attacks on planning: scripts, formulas and forged files, fields nobody offered, rejected words that come out, votes cast twice."""

from __future__ import annotations

import importlib.util
import io
import itertools
import json
import random
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOMS = Path(__file__).parents[1] / "site"
SCRIPTS = ['"><script>alert(1)</script>', "</textarea><img src=x onerror=alert(1)>", "{{ settings.SECRET_KEY }}"]
HOSTILE = " ".join(SCRIPTS)
REJECTED = "Zyxomma names a neighbor of ours as a thief"


def _load(path: Path):
    spec = importlib.util.spec_from_file_location(f"planning_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_site = _load(ROOMS / "conftest.py")
django, site, empty_store, town, clients = (
    getattr(_site, name) for name in ("django", "site", "empty_store", "town", "clients")
)
linkage = _load(Path(__file__).with_name("linkage.py"))


@pytest.fixture(scope="session")
def makers(django):
    return _load(ROOMS / "planning" / "examples.py")


@pytest.fixture
def boxes(town, monkeypatch):
    """The town with its code page and answer page, in this process."""
    from django.test import override_settings

    from comity.site.surveys.responses import queries, writer

    monkeypatch.setattr(writer, "_process", None)
    queries.fielded.cache_clear()
    with override_settings(KEYS=town.folder / "keys"):
        yield SimpleNamespace(**vars(town), keys=town.folder / "keys")


def upload(client, consultation, content, *, to="projects"):
    file = io.BytesIO(content)
    file.name = "file.pb"
    return client.post(f"/office/plans/consultations/{consultation.pk}/{to}/", {"file": file})


def addresses(town, makers):
    """Every address of planning that a GET reads, with the role that reads it."""
    from django.urls import reverse

    from comity.site.planning.rules import ACCESS

    made = makers.examples(town)
    for name, methods in ACCESS.items():
        if "GET" in methods:
            roles = ["anyone"] if methods["GET"] == "everyone" else sorted(methods["GET"])
            yield from ((reverse(name, kwargs=made.get(name)), role) for role in roles)


def hostile(town, makers):
    """A plan, a meeting and a consultation in which every word that people write is an attack."""
    from datetime import UTC, datetime

    from comity.site.planning import actions, consulting

    leader, chief, moderator = (town.people[role] for role in ("community-leader", "chief", "moderator"))
    plan = actions.start_plan(HOSTILE, purpose=HOSTILE, agency=town.agency, by=chief)
    version = plan.versions.get()
    draft = actions.Draft(
        passages={"goal": [HOSTILE], "priority": [HOSTILE], "strategy": [HOSTILE]},
        terms=[(HOSTILE[:90], HOSTILE)],
        parties=[HOSTILE],
        activities=[HOSTILE],
        matrix={HOSTILE: {HOSTILE: "accountable"}},
        signatories={leader: HOSTILE},
    )
    actions.write_draft(version, draft, by=chief)
    actions.ask_for_signatures(version, by=chief)
    version.refresh_from_db()
    actions.sign(version, sha256=version.sha256, by=leader, dissent=HOSTILE)
    actions.activate(version, by=chief)
    second = actions.start_draft(plan, by=chief)
    actions.write_draft(second, actions.Draft(**{**vars(draft), "passages": {"goal": [HOSTILE + HOSTILE]}}), by=chief)
    actions.ask_for_signatures(second, by=chief)
    meeting = actions.call_meeting(
        plan,
        title=HOSTILE,
        starts_at=datetime(2018, 5, 1, 18, tzinfo=UTC),
        ends_at=datetime(2018, 5, 1, 20, tzinfo=UTC),
        place=HOSTILE,
        agenda=HOSTILE,
        by=chief,
    )
    actions.write_minutes(meeting, agenda=HOSTILE, minutes=HOSTILE, presences={HOSTILE[:99]: 3}, by=chief)
    consultation = makers.a_consultation(town, plan, question=HOSTILE, explanation=HOSTILE, policy=HOSTILE)
    code = consulting.contribute(consultation, HOSTILE, details=HOSTILE)
    consulting.contribute(consultation, "Waits " + HOSTILE)
    consulting.decide(consultation.contributions.get(number=1), is_published=True, reason=HOSTILE, by=moderator)
    return SimpleNamespace(plan=plan, second=second, meeting=meeting, consultation=consultation, code=code)


def test_no_page_runs_what_somebody_wrote(town, makers, clients):
    made = hostile(town, makers)
    pages = [
        ("anyone", "/plans/"),
        ("anyone", f"/plans/{made.plan.pk}/"),
        ("anyone", f"/plans/{made.plan.pk}/versions/2/"),
        ("anyone", f"/plans/{made.plan.pk}/versions/2/difference/"),
        ("anyone", f"/plans/{made.plan.pk}/meetings/{made.meeting.pk}/"),
        ("anyone", f"/plans/consultations/{made.consultation.pk}/"),
        ("anyone", f"/plans/consultations/{made.consultation.pk}/contribute/"),
        ("anyone", f"/plans/consultations/{made.consultation.pk}/moderation/"),
        ("chief", "/office/plans/"),
        ("chief", f"/office/plans/{made.plan.pk}/"),
        ("chief", f"/office/plans/meetings/{made.meeting.pk}/"),
        ("chief", f"/office/plans/consultations/{made.consultation.pk}/"),
        ("community-leader", f"/office/plans/versions/{made.second.pk}/sign/"),
        ("moderator", "/office/plans/moderation/"),
    ]
    for role, address in pages:
        page = clients[role].get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in page, address
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
    followed = clients["anyone"].post("/plans/receipt/", {"code": made.code}).content.decode()
    assert "<script>alert" not in followed
    assert "&lt;script&gt;" in followed
    assert clients["anyone"].get(f"/plans/{made.plan.pk}/versions/1/plan.pdf").content[:5] == b"%PDF-"


def test_what_is_sent_with_a_request_does_not_come_back_as_markup(town, makers, clients):
    consultation = makers.a_consultation(town, makers.an_active_plan(town))
    anyone = clients["anyone"]

    answers = [
        anyone.post("/plans/receipt/", {"code": HOSTILE}),
        anyone.post(f"/plans/consultations/{consultation.pk}/contribute/", {"text": HOSTILE * 9, "details": HOSTILE}),
        anyone.get("/plans/", {"x": HOSTILE}),
        clients["chief"].post("/office/plans/", {"title": HOSTILE * 9, "purpose": HOSTILE}),
    ]

    for answer in answers:
        assert "<script>alert" not in answer.content.decode()
        assert "<img src=x" not in answer.content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"META\nkey;value\n" + b"x" * 1_000_001, "at most 1000000 are read"),
        (b"PK\x03\x04\x00\x00binary", "not text in UTF-8"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"META\nkey;value\nbudget;1e999999999\nPROJECTS\nproject_id;cost\n1;5\nVOTES\nvoter_id;vote\n", "not a number"),
        (b"META\nkey;value\nbudget;5\nPROJECTS\nproject_id;cost\n1;" + b"9" * 39 + b"\nVOTES\nvoter_id;vote\n", "more than can"),
        (b"META\nkey;value\nbudget;5\nPROJECTS\nproject_id;cost\n1;-5\nVOTES\nvoter_id;vote\n", "costs -5"),
        (b"just words", "does not begin with a line"),
        (b"", "no section META"),
    ],
    ids=["oversize", "zip", "utf-16", "exponent", "huge cost", "negative cost", "words", "empty"],
)  # fmt: skip
def test_a_forged_pabulib_file_is_refused_in_one_sentence_and_nothing_is_kept(town, makers, clients, content, said):
    consultation = makers.a_consultation(town, makers.a_plan(town))

    answer = upload(clients["chief"], consultation, content)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    assert not consultation.contributions.exists()


@pytest.mark.parametrize(
    "cases", [b"case,stratum\n=cmd|x,north\n", b"case,stratum\n+1,north\n", b"case,stratum\n-1,a\n"]
)
def test_a_formula_does_not_come_back_in_the_file_of_codes(boxes, makers, clients, cases):
    from comity.site.planning import consulting

    consultation = makers.a_consultation(boxes, makers.a_plan(boxes))
    makers.send_in(boxes, consultation, ["Lamps", "Bench"], costs=[1, 2])
    consulting.seal(consultation, by=boxes.people["chief"])

    answer = upload(clients["custodian"], consultation, cases, to="open")

    assert answer.status_code == 422
    consultation.refresh_from_db()
    assert consultation.voting_at is None


def test_neither_formulas_nor_sections_can_be_smuggled_into_the_published_ballots(boxes, makers, clients):
    from comity.priorities import parse_pabulib
    from comity.site.planning import consulting

    texts = ["=HYPERLINK(A1)", "@SUM(A1)", "+1+1", "x;1;2", 'a "quoted" one', "Trees VOTES voter_id;vote 9;1"]
    consultation = makers.a_consultation(boxes, makers.a_plan(boxes), question="=1+1")
    makers.send_in(boxes, consultation, texts, costs=[100] * 6)
    consulting.seal(consultation, by=boxes.people["chief"])
    consultation.refresh_from_db()
    codes = consulting.open_voting(
        consultation, keys=boxes.keys, by=boxes.people["custodian"], cases=[(str(n), "all") for n in range(60)]
    )
    cast(boxes, consultation.survey, next(iter(codes.values())), {"choice": ["p1", "p4"]})
    consulting.close_and_count(consultation, by=boxes.people["custodian"])

    file = clients["anyone"].get(f"/plans/consultations/{consultation.pk}/ballots.pb").content.decode()

    election = parse_pabulib(file)
    assert len(election.ballots) == 1
    assert len(election.projects) == len(texts)
    cells = [cell.strip('"') for line in file.splitlines() for cell in line.split(";")]
    assert [cell for cell in cells if cell[:1] in ("=", "@", "+", "-")] == []


def test_fields_that_no_form_offers_change_nothing(town, makers, clients):
    from comity.site.planning.models import Contribution, Plan

    plan = makers.a_plan(town)
    version = plan.versions.get()
    consultation = makers.a_consultation(town, plan)
    stranger = town.strangers["community-leader"]

    clients["anyone"].post(
        f"/plans/consultations/{consultation.pk}/contribute/",
        {"text": "Lamps", "cost": "5", "number": "99", "receipt": "0" * 64, "decision": "publish", "is_published": "on",
         "consultation": "77", "day": "2001-01-01"},
    )  # fmt: skip
    clients["chief"].post(
        f"/office/plans/versions/{version.pk}/",
        {"goal": "New", "sha256": "0" * 64, "asked_at": "2018-01-01", "active_at": "2018-01-01", "number": "9",
         "plan": "77", f"speaks-{stranger.pk}": "Strangers", f"speaks-{town.people['chief'].pk}": "Chief"},
    )  # fmt: skip
    clients["chief"].post("/office/plans/", {"title": "Mine", "agency": town.other.pk})
    clients["chief"].post(
        f"/office/plans/{plan.pk}/consultations/new/",
        {"question": "Q", "kind": "statements", "access": "open", "policy": "P", "sealed_at": "2018-01-01",
         "result": "{}", "survey": "town", "plan": "77"},
    )  # fmt: skip

    sent = Contribution.objects.get()
    assert (sent.number, sent.cost, sent.consultation_id, str(sent.day)) == (1, None, consultation.pk, "2018-05-15")
    assert not hasattr(sent, "decision")
    version.refresh_from_db()
    assert (version.sha256, version.asked_at, version.active_at, version.number) == ("", None, None, 1)
    assert not version.signatories.exists()
    assert Plan.objects.get(title="Mine").agency == town.agency
    asked = plan.consultations.get(question="Q")
    assert (asked.sealed_at, asked.survey, asked.result) == (None, "", None)


def test_staff_of_another_agency_find_nothing(town, makers):
    from django.test import Client
    from django.urls import reverse

    from comity.site.planning.rules import ACCESS

    made = makers.examples(town)
    for name, kwargs in made.items():
        if not name.startswith("planning:office_"):
            continue
        for method, roles in ACCESS[name].items():
            client = Client()
            client.force_login(town.strangers[sorted(roles)[0]])
            answer = client.generic(method, reverse(name, kwargs=kwargs))
            assert answer.status_code == 404, (name, method)


def test_rejected_words_are_nowhere_but_with_the_auditor(town, makers, clients, capfd):
    from comity.site.community.models import Entry
    from comity.site.planning import consulting

    read = list(addresses(town, makers))
    from comity.site.planning.models import Consultation

    consultation = Consultation.objects.get(sealed_at=None)
    code = consulting.contribute(consultation, REJECTED, details=f"{REJECTED}, really")
    contribution = consultation.contributions.get(text=REJECTED)
    clients["moderator"].post(
        f"/office/plans/moderation/{contribution.pk}/", {"decision": "reject", "reason": f"He says: {REJECTED}"}
    )
    assert not hasattr(type(contribution).objects.get(pk=contribution.pk), "decision"), "the reason quoted it"
    clients["moderator"].post(
        f"/office/plans/moderation/{contribution.pk}/", {"decision": "reject", "reason": "It accuses somebody."}
    )
    pages = [(role, address) for address, role in read]
    pages += [("anyone", address) for address in ("/", "/feed.atom", "/api/v1/releases")]
    pages += [(role, "/office/") for role in clients if role != "anyone"]

    shown = {
        (role, address): "Zyxomma" in answer.content.decode("utf-8", "replace")
        for role, address in pages
        for answer in [clients[role].get(address)]
    }
    log = clients["anyone"].get(f"/plans/consultations/{consultation.pk}/moderation/").content.decode()
    followed = clients["anyone"].post("/plans/receipt/", {"code": code}).content.decode()

    assert {where for where, is_there in shown.items() if is_there} == {("auditor", "/office/plans/moderation/")}
    assert "It accuses somebody." in log
    assert "It accuses somebody." in followed
    assert "Zyxomma" not in log + followed
    entries = json.dumps([[each.details, each.public, each.subject] for each in Entry.objects.all()])
    assert "It accuses somebody." in entries
    assert "Zyxomma" not in entries
    assert "Zyxomma" not in "".join(capfd.readouterr())
    assert tables_with("Zyxomma") == {"planning_contribution"}


def tables_with(word):
    """The tables of the site's store in which `word` stands."""
    from django.db import connection

    found = set()
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{name}"')
            if any(word in str(row) for row in cursor.fetchall()):
                found.add(name)
    return found


def cast(boxes, survey, code, answers):
    """One ballot, as the pages take it; returns the token that was spent."""
    from comity.site.surveys.codes import CodeKey
    from comity.site.surveys.invitations.actions import issue_without_browser
    from comity.site.surveys.tokens import TokenKey

    token, stratum, _ = issue_without_browser(
        survey, code, codes=CodeKey.read(boxes.keys / "codes.key"), key=TokenKey.read(boxes.keys, survey)
    )
    spend(boxes, survey, token.as_text(), stratum, answers)
    return token.as_text(), stratum


def spend(boxes, survey, token, stratum, answers):
    from comity.site.surveys.responses import actions, queries

    actions.submit(
        queries.fielded(survey), answers, token=token, stratum=stratum, keys=boxes.keys, day=date(2018, 5, 15),
        mode="web", language="en",
    )  # fmt: skip


def open_vote(boxes, makers, *, projects, cases):
    from comity.site.planning import consulting

    consultation = makers.a_consultation(boxes, makers.a_plan(boxes), kind="ranking")
    makers.send_in(boxes, consultation, [f"Project {n}" for n in range(projects)], costs=[100] * projects)
    consulting.seal(consultation, by=boxes.people["chief"])
    consultation.refresh_from_db()
    codes = consulting.open_voting(consultation, keys=boxes.keys, by=boxes.people["custodian"], cases=cases)
    return consultation, codes


def test_nobody_votes_twice(boxes, makers):
    from comity.errors import ComityError
    from comity.site.planning import consulting

    consultation, codes = open_vote(boxes, makers, projects=3, cases=[(str(n), "all") for n in range(60)])
    code = codes["7"]

    spent = cast(boxes, consultation.survey, code, {"choice": ["p1"]})
    spend(boxes, consultation.survey, *spent, {"choice": ["p2"]})
    with pytest.raises(ComityError, match="used already"):
        cast(boxes, consultation.survey, code, {"choice": ["p3"]})
    with pytest.raises(ComityError, match="not made for this survey"):
        spend(boxes, consultation.survey, spent[0], "other", {"choice": ["p3"]})
    consulting.close_and_count(consultation, by=boxes.people["custodian"])
    with pytest.raises(ComityError, match="ended"):
        cast(boxes, consultation.survey, codes["8"], {"choice": ["p3"]})

    assert consultation.result["voters"] == 1
    assert consultation.result["ballots"].splitlines()[-1].endswith("1")


@pytest.mark.slow
def test_with_every_file_before_and_after_counting_a_ballot_is_not_linked_to_its_letter(boxes, makers):
    """The order that helps most: one after the other. Chance: of 120 pairs, a rank correlation of .5 is 5.4 deviations."""
    from django.db import connection

    from comity.site.planning import consulting

    if connection.vendor != "sqlite":
        pytest.skip(
            "reads the files of SQLite; test_survey_linkage_postgresql.py attacks the same stores on PostgreSQL"
        )
    cases = [f"case-{n:05d}" for n in range(120)]
    consultation, codes = open_vote(boxes, makers, projects=8, cases=[(each, "all") for each in cases])
    order = sorted(cases)
    random.Random(20261122).shuffle(order)
    ballots = random.Random(7).sample(list(itertools.permutations([f"p{n}" for n in range(1, 9)], 6)), len(cases))
    marker = {case: json.dumps(each, separators=(",", ":"))[1:-1] for case, each in zip(cases, ballots, strict=True)}
    for case in order:
        cast(boxes, consultation.survey, codes[case], {"choice": json.loads(f"[{marker[case]}]")})

    for _when in ("before", "after"):
        invitations = linkage.signals(boxes.folder, cases)
        responses = linkage.signals(boxes.folder, list(marker.values()))
        correlation, right, how = linkage.best_link(invitations, responses, marker)
        time = {case: float(at) for at, case in enumerate(order)}
        by_time, _, how_time = linkage.best_link({"time": time}, responses, marker)
        assert len(invitations) > 2
        assert len(responses) > 2
        assert (correlation < 0.5, right <= 9, by_time < 0.5) == (True, True, True), (correlation, right, how, how_time)
        if _when == "before":
            consulting.close_and_count(consultation, by=boxes.people["custodian"])

    assert consultation.result["voters"] == len(cases)
    published = consultation.result["ballots"]
    place = {case: float(published.index(marker[case].replace('"', "").replace("p", ""))) for case in cases}
    assert linkage.best_link({"time": time}, {"place": place}, {case: case for case in cases})[0] < 0.5
