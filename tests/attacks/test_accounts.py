"""Attacks on signing in: with a stolen password, a stolen database, a planted session, a false host, a hostile sign-on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

PASSWORD = "a long pass phrase"
SIGN_IN = "/office/sign-in/"


def totp(secret: str, at: float) -> str:
    """The code of RFC 6238 for `secret` (base32) at `at` (seconds)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def sign_in(client, role="custodian", password=PASSWORD, town="sample-town", **fields):
    return client.post(SIGN_IN, {"login": f"{role}@{town}", "password": password, **fields})


def set_up_app(client) -> str:
    """Sets an authenticator app up in the session of `client`; returns its secret."""
    from django.conf import settings

    from comity.site.community.secrets_at_rest import create_key

    create_key(settings.KEYS)
    page = client.get("/office/second-factor/app/").content.decode()
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)[1]
    done = client.post("/office/second-factor/app/", {"code": totp(secret, time.time() - 30)})
    assert done.headers["Location"] == "/office/second-factor/codes/", done.content.decode()
    return secret


def actions():
    from comity.site.community.models import Entry

    return list(Entry.objects.order_by("number").values_list("action", flat=True))


@pytest.fixture
def stranger(town):
    """Somebody who is not signed in."""
    from django.test import Client

    return Client()


@pytest.fixture
def enrolled(town):
    """A custodian who is signed in and has an authenticator app: (client, secret)."""
    from django.test import Client

    client = Client()
    sign_in(client)
    return client, set_up_app(client)


# A stolen password


def test_with_the_password_alone_staff_reach_nothing_but_where_a_second_factor_is_set_up(town, stranger):
    from django.urls import NoReverseMatch, reverse

    from comity.site.community.access import EVERYONE
    from comity.site.community.second_factors import SETTING_UP
    from comity.site.guard import table

    assert sign_in(stranger).headers["Location"] == "/office/"

    reached = []
    for name, methods in table().items():
        if name in SETTING_UP or set(methods.values()) == {EVERYONE}:
            continue
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue
        for method, roles in methods.items():
            answer = stranger.generic(method, address)
            refused = answer.status_code == (302 if method == "GET" else 403)
            if roles != EVERYONE and not (
                refused and answer.get("Location", "/office/second-factor/").endswith("factor/")
            ):
                reached.append((name, method, answer.status_code))

    assert reached == []
    assert stranger.get("/office/second-factor/").status_code == 200


def test_on_public_pages_a_half_signed_in_session_counts_as_nobody(town, stranger, monkeypatch):
    from django.http import HttpResponse

    from comity.site import guard

    sign_in(stranger)
    seen = []

    class Request:
        user = None

    def view(request):
        seen.append(request.user.is_authenticated)
        return HttpResponse()

    from django.test import RequestFactory
    from django.urls import resolve

    request = RequestFactory().get("/code/")
    request.session = stranger.session
    request.user = town.people["custodian"]
    request.resolver_match = resolve("/code/")
    assert guard.guard(view).process_view(request, view, (), {}) is None
    view(request)

    assert seen == [False]


def test_a_session_from_before_the_second_factor_stays_shut_when_its_owner_sets_one_up(town, stranger, enrolled):
    from allauth.mfa.models import Authenticator
    from django.test import Client

    Authenticator.objects.all().delete()
    thief = Client()
    sign_in(thief)

    owner = Client()
    sign_in(owner)
    set_up_app(owner)

    assert owner.get("/office/").status_code == 200
    assert thief.get("/office/").headers["Location"] == "/office/second-factor/"


def test_signing_in_asks_for_the_code_and_a_code_works_once(town, stranger, enrolled):
    from django.test import Client

    _, secret = enrolled
    assert sign_in(stranger).headers["Location"] == "/office/second-factor/sign-in/"
    assert stranger.get("/office/").status_code == 302

    code = totp(secret, time.time())
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    refused = stranger.post("/office/second-factor/sign-in/", {"code": wrong})
    assert refused.status_code == 200
    assert "This is not the code of now" in refused.content.decode()
    stranger.post("/office/second-factor/sign-in/", {"code": code})
    assert stranger.get("/office/").status_code == 200

    again = Client()
    sign_in(again)
    again.post("/office/second-factor/sign-in/", {"code": code})
    assert again.get("/office/").status_code == 302
    assert actions() == [
        "accounts.signed-in",
        "accounts.second-factor-added",
        "accounts.second-factor-added",
        "accounts.second-factor-failed",
        "accounts.signed-in",
        "accounts.second-factor-failed",
    ]


def test_a_recovery_code_opens_once_and_is_shown_once(town, stranger, enrolled):
    from django.test import Client

    owner, _ = enrolled
    codes = re.findall(r"<li><code>(\d{8})</code>", owner.get("/office/second-factor/codes/").content.decode())
    assert len(codes) == 10
    assert codes[0] not in owner.get("/office/second-factor/codes/").content.decode()

    outcomes = []
    for _ in range(2):
        client = Client()
        sign_in(client)
        client.post("/office/second-factor/sign-in/", {"code": codes[0]})
        outcomes.append(client.get("/office/").status_code)

    assert outcomes == [200, 302]


def test_guessing_codes_ends_after_a_few(town, stranger, enrolled):
    _, secret = enrolled
    sign_in(stranger)
    for _ in range(5):
        stranger.post("/office/second-factor/sign-in/", {"code": "000000"})

    stranger.post("/office/second-factor/sign-in/", {"code": totp(secret, time.time())})

    assert stranger.get("/office/").status_code == 302


def test_the_only_second_factor_of_staff_cannot_be_taken_away_and_a_resident_needs_none(town, stranger, enrolled):
    from allauth.mfa.models import Authenticator
    from django.test import Client

    owner, _ = enrolled
    answer = owner.post("/office/second-factor/app/remove/")
    if answer.status_code == 302:  # asks for the password first
        owner.post("/office/again/", {"password": PASSWORD})
        answer = owner.post("/office/second-factor/app/remove/")

    assert "This is your only second factor" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").count() == 1
    resident = Client()
    sign_in(resident, "resident")
    assert resident.get("/office/").status_code == 200


def test_nobody_takes_the_passkey_of_somebody_else_away(town, enrolled):
    from allauth.mfa.models import Authenticator

    owner, _ = enrolled
    theirs = Authenticator.objects.create(user=town.people["moderator"], type="webauthn", data={"name": "Key"})

    answers = [owner.get(f"/office/second-factor/passkeys/{theirs.pk}/remove/")]
    answers.append(owner.post(f"/office/second-factor/passkeys/{theirs.pk}/remove/"))

    assert [each.status_code for each in answers] == [404, 404]
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


def test_a_new_password_by_mail_does_not_skip_the_second_factor(town, stranger, enrolled):
    from comity.site.community.actions import password_link

    link = password_link(town.people["custodian"].__class__.objects.get(username="custodian@sample-town"))
    new = "another long pass phrase"
    answer = stranger.post(stranger.get(link).headers["Location"], {"password1": new, "password2": new})

    assert answer.headers["Location"] == "/office/second-factor/sign-in/"
    assert stranger.get("/office/").status_code == 302


# An invitation


def test_an_invitation_works_once_and_leads_to_the_second_factor(town, stranger):
    from django.test import Client

    from comity.site.community.actions import add_account, password_link

    account = add_account("keeper", role="moderator", email="keeper@example.org", agency=town.agency)
    link = password_link(account)
    page = stranger.get(link)
    assert link.rpartition("-")[2] not in page.headers["Location"]  # the key is not in the address any more
    answer = stranger.post(page.headers["Location"], {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 302
    assert stranger.get("/office/").headers["Location"] == "/office/second-factor/"

    late = Client()
    assert "was used before" in late.get(link, follow=True).content.decode()
    assert late.post(link, {"password1": PASSWORD, "password2": PASSWORD}).status_code in (200, 302)
    assert late.get("/office/").status_code == 302


def test_an_account_without_a_password_cannot_be_signed_into(town, stranger):
    from comity.site.community.actions import add_account

    add_account("keeper", role="moderator", agency=town.agency)
    for password in ("", "!", "None"):
        stranger.post(SIGN_IN, {"login": "keeper", "password": password})
        assert "_auth_user_id" not in stranger.session


# Who has an account


def without_tokens(answer) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def test_nobody_learns_whether_an_account_exists(town, stranger):
    from comity.site.community.models import Mail

    wrong = sign_in(stranger, password="not the pass phrase")
    unknown = stranger.post(SIGN_IN, {"login": "nobody@sample-town", "password": "not the pass phrase"})
    assert without_tokens(wrong).replace("custodian@", "") == without_tokens(unknown).replace("nobody@", "")

    forgotten = "/office/password/forgotten/"
    answers = [
        stranger.post(forgotten, {"email": address}, follow=True)
        for address in ("custodian@sample-town.example", "nobody@sample-town.example")
    ]
    assert without_tokens(answers[0]) == without_tokens(answers[1])
    assert [each.address for each in Mail.objects.all()] == ["custodian@sample-town.example"]


def test_passwords_are_guessed_a_few_times_only_whichever_process_is_asked(town):
    """Each thread has database connections of its own, as each process has; what they share is the database."""
    from django.db import connections
    from django.test import Client

    def guess():
        sign_in(Client(), password="guess")
        connections.close_all()

    for _ in range(6):
        thread = threading.Thread(target=guess)
        thread.start()
        thread.join()

    late = Client()
    answer = sign_in(late)

    assert "Too many attempts" in answer.content.decode()
    assert "_auth_user_id" not in late.session


# A planted session, a forged form, a false host


def test_the_session_is_another_after_signing_in(town, stranger):
    stranger.get(SIGN_IN)
    planted = stranger.session
    planted["planted"] = "yes"
    planted.save()
    from django.conf import settings

    stranger.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    sign_in(stranger, "resident")

    assert stranger.session.session_key != planted.session_key
    from django.contrib.sessions.models import Session

    assert not Session.objects.filter(session_key=planted.session_key).exists()


def test_signing_in_and_out_refuses_a_form_of_another_site(town):
    from django.test import Client

    forged = Client(enforce_csrf_checks=True)

    assert sign_in(forged).status_code == 403
    assert forged.post("/office/sign-out/").status_code == 403
    assert forged.post("/office/sign-on/oidc/").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver:80@evil.example", "evil.example:80"]
)
def test_another_host_is_refused_and_gets_into_no_mail(town, stranger, host):
    from comity.site.community.models import Mail

    fields = {"email": "custodian@sample-town.example"}
    assert stranger.post("/office/password/forgotten/", fields, headers={"host": host}).status_code == 400

    stranger.post("/office/password/forgotten/", fields, headers={"x-forwarded-host": host})
    assert "evil" not in Mail.objects.get().text
    assert "http://testserver/office/password/new/" in Mail.objects.get().text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "\\\\evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "http://localhost/",  # a further host of the same site, and still another place
    ],
)
def test_signing_in_and_out_leads_nowhere_else(town, target):
    from django.test import Client, override_settings

    with override_settings(ALLOWED_HOSTS=["testserver", "localhost"]):
        client = Client()
        assert sign_in(client, "resident", next=target).headers["Location"] == "/office/"
        assert client.post("/office/sign-out/", {"next": target}).headers["Location"] == SIGN_IN


def test_signing_in_leads_back_to_the_page_that_was_asked_for(town, stranger):
    asked = stranger.get("/office/log/?actor=maria").headers["Location"]

    answer = stranger.post(asked, {"login": "resident@sample-town", "password": PASSWORD})

    assert asked == "/office/sign-in/?next=/office/log/%3Factor%3Dmaria"
    assert answer.headers["Location"] == "/office/log/?actor=maria"


def test_no_form_changes_a_role_and_nobody_signs_up(town, stranger, enrolled):
    from comity.site.community.models import Account

    owner, _ = enrolled
    before = list(Account.objects.order_by("pk").values("username", "role", "is_staff", "is_superuser", "agency"))
    wanted = {"role": "auditor", "is_staff": "1", "is_superuser": "1", "agency": str(town.other.pk), "username": "root"}
    stranger.post(SIGN_IN, {"login": "resident@sample-town", "password": PASSWORD, **wanted})
    new = "another long pass phrase"
    changed = owner.post(
        "/office/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new, **wanted}
    )

    assert changed.status_code == 302
    assert (
        list(Account.objects.order_by("pk").values("username", "role", "is_staff", "is_superuser", "agency")) == before
    )
    for address in ("/office/sign-up/", "/accounts/signup/", "/office/sign-on/signup/"):
        assert stranger.post(address, {"username": "new", "password1": new, **wanted}).status_code in (403, 404)


def test_a_closed_account_is_out_at_once(town, enrolled):
    from django.test import Client

    from comity.site.community.actions import close_account

    owner, secret = enrolled
    close_account("custodian@sample-town")

    assert owner.get("/office/").headers["Location"].startswith(SIGN_IN)
    again = Client()
    sign_in(again)
    again.post("/office/second-factor/sign-in/", {"code": totp(secret, time.time())})
    assert again.get("/office/").status_code == 302


# A stolen database, a read log


def test_the_database_alone_gives_no_second_factor(on_sqlite, town, enrolled, monkeypatch):
    from django.db import connections

    from comity.site.community.secrets_at_rest import KEY, SecondFactorKeyMissing, box

    owner, secret = enrolled
    codes = re.findall(r"<li><code>(\d{8})</code>", owner.get("/office/second-factor/codes/").content.decode())
    connections.close_all()
    store = (town.folder / "default.sqlite3").read_bytes()

    for hidden in (secret, *codes):
        assert hidden.encode() not in store
    key = town.folder / "keys" / KEY
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    from comity.site.community import secrets_at_rest

    secrets_at_rest._read.cache_clear()
    with pytest.raises(SecondFactorKeyMissing, match=r"second-factors\.key"):
        box()


def test_nothing_about_accounts_is_in_the_public_log_and_no_secret_in_the_private_one(town, enrolled):
    from comity.site.community.models import Entry

    _, secret = enrolled
    for each in Entry.objects.all():
        assert each.public is None
        assert secret not in json.dumps(each.details)
        assert PASSWORD not in json.dumps(each.details)


# A hostile sign-on


class Provider(BaseHTTPRequestHandler):
    """An OpenID Connect provider that says of whoever comes what `claims` says."""

    claims: dict[str, object]

    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_port}"
        if "well-known" in self.path:
            self.answer(
                {
                    "issuer": here,
                    "authorization_endpoint": f"{here}/authorize",
                    "token_endpoint": f"{here}/token",
                    "userinfo_endpoint": f"{here}/userinfo",
                    "jwks_uri": f"{here}/keys",
                }
            )
        else:
            self.answer(self.server.claims)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"access_token": "x", "token_type": "Bearer"})

    def answer(self, said):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def sign_on(town):
    """Signs on by the provider with the given claims; returns the client and the last answer."""
    from django.test import Client, override_settings

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = {
        "provider_id": "oidc", "name": "Town", "client_id": "comity", "secret": "x",
        "settings": {"server_url": f"http://127.0.0.1:{server.server_port}"},
    }  # fmt: skip
    providers = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}

    def go(claims, process=""):
        server.claims = claims
        client = Client()
        asked = client.post(f"/office/sign-on/oidc/{process}").headers["Location"]
        query = parse_qs(urlsplit(asked).query)
        assert query["code_challenge_method"] == ["S256"]
        return client, client.get("/office/sign-on/oidc/callback/", {"code": "x", "state": query["state"][0]})

    with override_settings(SOCIALACCOUNT_PROVIDERS=providers):
        yield go
    server.shutdown()
    server.server_close()


CONFIRMED = {"sub": "1", "email": "Custodian@sample-town.example", "email_verified": True, "role": "auditor"}


def test_a_sign_on_opens_the_account_whose_address_it_confirms_and_still_needs_the_second_factor(town, sign_on):
    from comity.site.community.models import Account

    before = list(Account.objects.order_by("pk").values("username", "role", "email"))
    client, answer = sign_on(CONFIRMED)

    assert answer.headers["Location"] == "/office/"
    assert client.get("/office/").headers["Location"] == "/office/second-factor/"
    assert list(Account.objects.order_by("pk").values("username", "role", "email")) == before


@pytest.mark.parametrize(
    "claims",
    [
        {**CONFIRMED, "email_verified": False},
        {**CONFIRMED, "email": "stranger@example.org"},
        {"sub": "1", "preferred_username": "custodian@sample-town"},
        {"sub": "1", "email": "", "email_verified": True},
    ],
)
def test_a_sign_on_without_an_invited_account_makes_none(town, sign_on, claims):
    from comity.site.community.models import Account

    count = Account.objects.count()
    client, answer = sign_on(claims)

    assert answer.status_code == 403
    assert "_auth_user_id" not in client.session
    assert Account.objects.count() == count


def test_a_second_person_of_the_provider_cannot_take_an_account_over(town, sign_on):
    sign_on(CONFIRMED)

    _, answer = sign_on({**CONFIRMED, "sub": "2"})

    assert answer.status_code == 403


def test_a_sign_on_cannot_be_tied_to_the_session_of_somebody_else(town, sign_on):
    _, answer = sign_on({**CONFIRMED, "sub": "9", "email": "attacker@example.org"}, process="?process=connect")

    assert answer.status_code == 403


def test_an_answer_that_nobody_asked_for_signs_nobody_in(town, sign_on, stranger):
    answer = stranger.get("/office/sign-on/oidc/callback/", {"code": "x", "state": "made-up"})

    assert answer.status_code == 401
    assert "did not say who you are" in answer.content.decode()
    assert "_auth_user_id" not in stranger.session
