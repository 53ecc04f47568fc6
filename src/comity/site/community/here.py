"""Whose site this is: the agency that its public pages speak of."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from comity.site.community.models import Account, Agency, Place


def this_agency() -> Agency:
    """The agency that the site was made for, the first in its store. Raises Http404 where there is none yet."""
    found = Agency.objects.order_by("pk").first()
    if found is None:
        raise Http404(_("No agency has been set up on this site yet."))
    return found


def own_agency(account: Account) -> Agency:
    """The agency that somebody works for. Raises Http404 for an account that has none."""
    if account.agency is None:
        raise Http404(_("Your account belongs to no agency."))
    return account.agency


def place_here(slug: str) -> Place:
    """That agency's place. Raises Http404 for a word that names none."""
    found = Place.objects.filter(agency=this_agency(), slug=slug).first()
    if found is None:
        raise Http404(_("There is no place with this address."))
    return found
