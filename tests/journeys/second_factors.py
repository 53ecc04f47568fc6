"""For towns that a journey fills: whoever is signed in there by force did so with a second factor, as the office asks."""

from __future__ import annotations


def sign_in_with_second_factors() -> None:
    from allauth.account.internal.flows.login import record_authentication
    from django.contrib.auth.signals import user_logged_in

    def forced_in(request, user, **more):
        if not hasattr(request, "allauth"):  # not by way of the pages
            record_authentication(request, user, "mfa")

    user_logged_in.connect(forced_in, weak=False)
