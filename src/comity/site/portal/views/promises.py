"""Promises: all of them as they stand today, and the sealed life of each."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from comity.site.portal import queries


def every_promise(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    promises = found.promises(queries.today(found))
    return render(
        request,
        "promises.html",
        {
            "open": [each for each in promises if each.state in ("overdue", "due")],
            "broken": [each for each in promises if each.state == "broken"],
            "kept": [each for each in promises if each.state in ("kept", "kept late")],
        },
    )


def promise(request: HttpRequest, dataset: str, period: str) -> HttpResponse:
    found = queries.catalogue()
    promise = found.promise(dataset, period, queries.today(found))
    if promise is None:
        raise Http404(_("There is no promise with this address."))
    withdrawals = [each for each in found.withdrawals if (each.dataset, each.period) == (dataset, period)]
    return render(request, "promise.html", {"promise": promise, "withdrawals": withdrawals})
