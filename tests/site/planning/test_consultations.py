"""From a statement that anybody sends in to a result that everybody can read, by way of ballots that nobody can trace."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest


@pytest.fixture
def boxes(town, monkeypatch):
    """The town with its code page and answer page, in this process."""
    from django.test import override_settings

    from comity.site.surveys.responses import queries, writer

    monkeypatch.setattr(writer, "_process", None)
    queries.fielded.cache_clear()
    with override_settings(KEYS=town.folder / "keys"):
        yield SimpleNamespace(**vars(town), keys=town.folder / "keys")


def vote(boxes, survey, codes, answers):
    """Each of `answers` by the holder of one of `codes`, as the pages do it."""
    from datetime import date

    from comity.site.surveys.codes import CodeKey
    from comity.site.surveys.invitations.actions import issue_without_browser
    from comity.site.surveys.questionnaire import complete_answers
    from comity.site.surveys.responses import actions, queries
    from comity.site.surveys.tokens import TokenKey

    found = queries.fielded(survey)
    for code, answer in zip(codes, answers, strict=True):
        token, stratum, _ = issue_without_browser(
            survey, code, codes=CodeKey.read(boxes.keys / "codes.key"), key=TokenKey.read(boxes.keys, survey)
        )
        actions.submit(
            found,
            complete_answers(found.questionnaire, answer),
            token=token.as_text(),
            stratum=stratum,
            keys=boxes.keys,
            day=date(2018, 5, 15),
            mode="web",
            language="en",
        )


def opened(
    boxes, makers, *, kind="approval", texts=("Lamps", "Bench", "Court"), costs=(600, 400, 500), cases=100, **more
):
    """(consultation, codes) of a vote that is open."""
    from comity.site.planning import consulting

    consultation = makers.a_consultation(boxes, makers.a_plan(boxes), kind=kind, **more)
    makers.send_in(boxes, consultation, texts, costs=costs)
    consulting.seal(consultation, by=boxes.people["chief"])
    consultation.refresh_from_db()
    codes = consulting.open_voting(
        consultation,
        keys=boxes.keys,
        by=boxes.people["custodian"],
        cases=[(f"{n:03d}", "north" if n % 2 else "south") for n in range(cases)],
    )
    return consultation, list(codes.values())


def test_money_goes_by_the_sealed_rule_and_everybody_sees_what_each_part_of_town_got(boxes, makers, get):
    from comity.site.community.models import Entry
    from comity.site.planning import consulting

    consultation, codes = opened(boxes, makers)
    vote(boxes, consultation.survey, codes[:30], [{"choice": ["p1"]}] * 18 + [{"choice": ["p2", "p3"]}] * 12)

    file = consulting.close_and_count(consultation, by=boxes.people["custodian"])

    consultation.refresh_from_db()
    outcome = consultation.result["outcome"]
    assert (outcome["selected"], outcome["cost"], consultation.result["voters"]) == (["1", "2"], 1000, 30)
    assert [(each["group"], each["voters"]) for each in consultation.result["shares"]] == [("north", 15), ("south", 15)]
    sealed = Entry.objects.get(action="planning.sealed")
    counted = Entry.objects.get(action="planning.counted")
    assert (sealed.public["rule"], sealed.public["budget"]) == ("equal-shares", "1000.00")
    assert sealed.number < Entry.objects.get(action="planning.voting_opened").number < counted.number
    page = get(f"/plans/consultations/{consultation.pk}/result/")
    assert "What each group of voters got" in page
    assert "north" not in file


def test_the_published_ballots_give_the_same_result_again(boxes, makers, clients, tmp_path):
    from comity.priorities import equal_shares, read_pabulib, recorded_winners
    from comity.site.planning import consulting

    consultation, codes = opened(boxes, makers, kind="ranking")
    vote(boxes, consultation.survey, codes[:12], [{"choice": ["p2", "p1"]}] * 7 + [{"choice": ["p3"]}] * 5)
    consulting.close_and_count(consultation, by=boxes.people["custodian"])

    (tmp_path / "ballots.pb").write_bytes(
        clients["anyone"].get(f"/plans/consultations/{consultation.pk}/ballots.pb").content
    )

    election = read_pabulib(tmp_path / "ballots.pb")
    assert set(equal_shares(election).selected) == recorded_winners(election)
    assert election.ballots[0].fields == {}


def test_a_knapsack_that_costs_more_than_the_budget_is_not_a_valid_ballot(boxes, makers):
    from comity.site.surveys.questionnaire import validate
    from comity.site.surveys.responses import queries

    consultation, _ = opened(boxes, makers, kind="knapsack")
    paper = queries.fielded(consultation.survey).questionnaire

    assert validate(paper, {"choice": ["p1", "p2"]}) == []
    assert "cost more than 1,000" in str(validate(paper, {"choice": ["p1", "p3"]})[0].message)


def test_sixty_projects_fit_on_a_knapsack_ballot(boxes, makers):
    from comity.site.surveys.questionnaire import validate
    from comity.site.surveys.responses import queries

    texts = [f"Project {n} {'of many words' * 5}" for n in range(60)]
    consultation, _ = opened(boxes, makers, kind="knapsack", texts=texts, costs=[f"{n}.25" for n in range(1, 61)])
    paper = queries.fielded(consultation.survey).questionnaire

    assert validate(paper, {"choice": ["p1", "p60"]}) == []
    assert len(validate(paper, {"choice": [f"p{n}" for n in range(1, 61)]})) == 1


def test_statements_part_voters_into_groups_and_show_what_unites(boxes, makers, get):
    from comity.site.planning import consulting

    texts = [f"Statement {n}" for n in range(8)]
    consultation, codes = opened(boxes, makers, kind="statements", texts=texts, costs=None, access="invited", cases=200)
    one = {f"s{n}": "agree" if n < 5 else "disagree" for n in range(1, 9)}
    other = {f"s{n}": "disagree" if 1 < n < 5 else "agree" for n in range(1, 9)}
    vote(boxes, consultation.survey, codes[:40], [one] * 24 + [other] * 16)

    consulting.close_and_count(consultation, by=boxes.people["custodian"])

    consultation.refresh_from_db()
    result = consultation.result
    assert [each["size"] for each in result["groups"]] == [24, 16]
    assert result["statements"][0] == {"statement": "1", "text": "Statement 0", "agree": 40, "disagree": 0, "n": 40}
    assert "Statement 0" in [each["text"] for each in result["unites"]]
    assert "What divides" in get(f"/plans/consultations/{consultation.pk}/result/")


def test_an_opinion_group_of_fewer_than_ten_is_not_shown(boxes, makers, get):
    from comity.site.planning import consulting

    consultation, codes = opened(
        boxes, makers, kind="statements", texts=["One", "Two", "Three"], costs=None, access="invited"
    )
    one, other = dict.fromkeys(("s1", "s2", "s3"), "agree"), dict.fromkeys(("s1", "s2", "s3"), "disagree")
    vote(boxes, consultation.survey, codes[:20], [one] * 16 + [other] * 4)

    consulting.close_and_count(consultation, by=boxes.people["custodian"])

    assert consultation.result["groups"] == []
    assert "Too few people voted" in get(f"/plans/consultations/{consultation.pk}/result/")


def test_pairs_become_an_order(boxes, makers, get):
    from comity.site.planning import consulting

    consultation, codes = opened(boxes, makers, kind="pairs", costs=None, access="invited")
    answers = [{"q1_2": "o1", "q1_3": "o1", "q2_3": "o2"}] * 8 + [{"q1_2": "o2", "q1_3": "o3", "q2_3": "o3"}] * 4
    vote(boxes, consultation.survey, codes[:12], answers)

    consulting.close_and_count(consultation, by=boxes.people["custodian"])

    assert next(each["text"] for each in consultation.result["ranked"]) == "Lamps"
    assert "Lamps" in get(f"/plans/consultations/{consultation.pk}/result/")


def test_many_items_are_paired_around_a_circle_so_that_all_hang_together():
    from comity.site.planning.ballots import pairs_to_ask

    items = [str(n) for n in range(20)]

    pairs = pairs_to_ask(items)

    assert len(pairs) == len({frozenset(each) for each in pairs}) == 60
    assert {each for pair in pairs for each in pair} == set(items)


def test_a_vote_at_which_nobody_voted_is_counted_too(boxes, makers, get):
    from comity.site.planning import consulting

    consultation, _ = opened(boxes, makers)

    consulting.close_and_count(consultation, by=boxes.people["custodian"])

    assert consultation.result["voters"] == 0
    assert "0 ballots were counted." in get(f"/plans/consultations/{consultation.pk}/result/")


def test_parts_of_town_with_few_voters_are_put_together(boxes, makers):
    from comity.site.community.models import Place
    from comity.site.planning import consulting

    for slug in ("east", "north", "south"):
        Place.objects.create(agency=boxes.agency, slug=slug, name=slug.title())
    consultation, codes = opened(boxes, makers)
    parts = ["north"] * 14 + ["south"] * 12 + ["east"] * 3
    vote(boxes, consultation.survey, codes[:29], [{"choice": ["p1"], "part": part} for part in parts])

    consulting.close_and_count(consultation, by=boxes.people["custodian"])

    shares = {each["group"]: each["voters"] for each in consultation.result["shares"]}
    assert shares == {"North": 14, "smaller groups": 15}


def test_nothing_about_a_vote_changes_once_it_is_sealed(boxes, makers):
    from comity.site.planning import consulting
    from comity.site.planning.actions import PlanningRefused

    consultation, _ = opened(boxes, makers)

    with pytest.raises(PlanningRefused, match="takes no more"):
        consulting.contribute(consultation, "Late")
    with pytest.raises(PlanningRefused, match="sealed"):
        consulting.set_costs(consultation, {1: Decimal(1)}, by=boxes.people["chief"])
    with pytest.raises(PlanningRefused, match="opens once"):
        consulting.open_voting(consultation, keys=boxes.keys, by=boxes.people["custodian"], cases=[("1", "north")])


def test_the_vote_opens_when_the_sealed_log_holds_the_rule_and_runs_through_the_pages(boxes, makers, clients):
    import json
    import re

    from django.conf import settings
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import override_settings

    from comity.ledger import Signer, create_key
    from comity.site.community.sealing import seal_log
    from comity.site.planning import consulting

    consultation = makers.a_consultation(boxes, makers.a_plan(boxes), kind="knapsack")
    makers.send_in(boxes, consultation, ["Lamps", "Bench", "Court"], costs=[600, 400, 500])
    consulting.seal(consultation, by=boxes.people["chief"])
    address = f"/office/plans/consultations/{consultation.pk}/open/"

    def sample():
        lines = "".join(f"{n:03d},north\n" for n in range(60))
        return {"file": SimpleUploadedFile("sample.csv", b"case,stratum\n" + lines.encode())}

    too_early = clients["custodian"].post(address, sample())
    assert (too_early.status_code, "sealed public log" in too_early.content.decode()) == (422, True)

    boxes.keys.mkdir(exist_ok=True)
    create_key(boxes.keys / "ledger.key", "town.example/comity")
    seal_log(boxes.folder, signer=Signer.load(boxes.keys / "ledger.key"), today=settings.CLOCK().date())
    public = boxes.folder / "public"
    with override_settings(PUBLIC=public):
        opened = clients["custodian"].post(address, sample())
        codes = [line.split(",")[1] for line in opened.content.decode().split()[1:]]
        assert (opened.status_code, len(set(codes))) == (200, 60)
        assert json.loads((public / "log" / "1.json").read_bytes())["steps"][-1]["public"]["rule"] == "equal-shares"
        token_page = clients["anyone"].post("/code/", {"code": codes[7]}).content.decode()
        token = re.search(r'name="_token" value="([^"]+)"', token_page)[1]
        survey = f"/survey/consultation-{consultation.pk}/"
        fields = {"_token": token, "_stratum": "north", "_seed": "0" * 32, "_page": "", "_go": "send"}
        dear = clients["anyone"].post(survey, {**fields, "_data": '{"choice":["p1","p3"]}'})
        fits = clients["anyone"].post(survey, {**fields, "_data": '{"choice":["p1","p2"]}'})
    assert (dear.status_code, "These cost more than 1,000" in dear.content.decode()) == (422, True)
    assert (fits.status_code, "Your ballot is secret" in fits.content.decode()) == (200, False)
    counted = clients["custodian"].post(f"/office/plans/consultations/{consultation.pk}/count/")
    assert counted.status_code == 302
    consultation.refresh_from_db()
    assert consultation.result["outcome"]["selected"] == ["1", "2"]


def test_paper_ballots_are_keyed_twice_and_only_what_agrees_is_taken(boxes, makers):
    from comity.site.surveys.keying import compare_keyings
    from comity.site.surveys.questionnaire import read_questionnaire

    consultation, _ = opened(boxes, makers, kind="knapsack")
    paper = read_questionnaire(consultation.questionnaire.encode())

    keyed = compare_keyings(
        paper,
        [{"form": "1", "choice": "p1 p2"}, {"form": "2", "choice": "p3"}, {"form": "3", "choice": "p1 p3"}],
        [{"form": "1", "choice": "p1 p2"}, {"form": "2", "choice": "p2"}, {"form": "3", "choice": "p1 p3"}],
    )

    assert keyed.forms == {"1": {"choice": ["p1", "p2"]}}
    assert [each.form for each in keyed.differences] == ["2"]
    assert list(keyed.problems) == ["3"], "it costs more than the budget"


def test_a_proposal_is_followed_to_its_end_by_the_code_alone(boxes, makers, clients):
    from comity.site.planning import consulting
    from comity.site.planning.models import Reply

    plan = makers.a_plan(boxes)
    consultation = makers.a_consultation(boxes, plan)
    anyone = clients["anyone"]
    page = anyone.post(f"/plans/consultations/{consultation.pk}/contribute/", {"text": "Lamps on the bridge"})
    code = page.content.decode().split('class="code"><code>')[1].split("<")[0]
    refused = consulting.contribute(consultation, "Mr Example is a thief")

    def where(typed=code):
        return anyone.post("/plans/receipt/", {"code": typed.lower()}).content.decode()

    assert "It waits for the moderator." in where()
    first, second = consultation.contributions.order_by("number")
    consulting.decide(first, is_published=True, reason="", by=boxes.people["moderator"])
    consulting.decide(second, is_published=False, reason="It names a private person.", by=boxes.people["moderator"])
    assert "The vote has not begun." in where()
    assert "It names a private person." in where(refused)
    makers.send_in(boxes, consultation, ["A bench"])
    consulting.set_costs(consultation, {1: Decimal(900), 3: Decimal(500)}, by=boxes.people["chief"])
    consulting.seal(consultation, by=boxes.people["chief"])
    consultation.refresh_from_db()
    codes = consulting.open_voting(
        consultation, keys=boxes.keys, by=boxes.people["custodian"], cases=[(str(n), "all") for n in range(60)]
    )
    assert "It is being voted on." in where()
    vote(boxes, consultation.survey, list(codes.values())[:10], [{"choice": ["p1"]}] * 10)
    consulting.close_and_count(consultation, by=boxes.people["custodian"])
    assert "It was funded." in where()
    assert "There is no reply yet" in where()
    consulting.reply(first, kind=Reply.Kind.COMMITMENT, commitment=7, by=boxes.people["chief"])
    assert "Became a commitment" in where()
    assert "number 7" in where()


def test_nobody_but_a_moderator_decides_what_is_published(town, makers, clients):
    from comity.site.planning import consulting
    from comity.site.planning.actions import PlanningRefused

    consultation = makers.a_consultation(town, makers.a_plan(town))
    consulting.contribute(consultation, "Lamps")
    contribution = consultation.contributions.get()

    with pytest.raises(PlanningRefused, match="Only a moderator"):
        consulting.decide(contribution, is_published=True, reason="", by=town.people["chief"])
    for role, client in clients.items():
        answer = client.post(f"/office/plans/moderation/{contribution.pk}/", {"decision": "publish"})
        assert (answer.status_code == 302) == (role == "moderator"), role


def test_the_queue_is_limited_instead_of_keeping_addresses(town, makers, monkeypatch):
    from comity.site.planning import consulting
    from comity.site.planning.actions import PlanningRefused

    monkeypatch.setattr(consulting, "MOST_WAITING", 2)
    consultation = makers.a_consultation(town, makers.a_plan(town))
    for text in ("One", "Two"):
        consulting.contribute(consultation, text)

    with pytest.raises(PlanningRefused, match="More has come in"):
        consulting.contribute(consultation, "Three")


def test_projects_of_a_pabulib_file_come_before_the_moderator_with_their_costs(town, makers, clients):
    from django.core.files.uploadedfile import SimpleUploadedFile

    consultation = makers.a_consultation(town, makers.a_plan(town))
    file = SimpleUploadedFile(
        "city.pb",
        b"META\nkey;value\nbudget;1000\nvote_type;approval\nPROJECTS\nproject_id;cost;name\n4;250.50;Trees\n5;99;\n"
        b"VOTES\nvoter_id;vote\n1;4\n",
    )

    response = clients["chief"].post(f"/office/plans/consultations/{consultation.pk}/projects/", {"file": file})

    assert response.status_code == 302
    found = list(consultation.contributions.order_by("number").values_list("text", "cost"))
    assert found == [("Trees", Decimal("250.50")), ("5", Decimal("99.00"))]
    assert not consultation.contributions.filter(decision__isnull=False).exists()
