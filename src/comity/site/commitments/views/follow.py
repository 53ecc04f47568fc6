"""Following without an account, by e-mail or by receipt code.

These forms change nothing in anybody's name and belong to no session, so they need no token against forgery and set no
cookie: what a foreign page could do with them, its author could do from anywhere. Leaving takes the secret of a mail.
"""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from comity.site.commitments import following, in_words, queries
from comity.site.commitments.views.public import about, commitment_or_404

LARGEST = 2000  # bytes of the form


class AddressForm(forms.Form):
    address = forms.EmailField(max_length=254)


@csrf_exempt
@require_POST
@never_cache
def follow(request: HttpRequest, number: int) -> HttpResponse:
    """Always the same answer for an address, whether it follows already or not."""
    found = commitment_or_404(number)
    form = AddressForm(request.POST if int(request.META.get("CONTENT_LENGTH") or 0) <= LARGEST else {})
    if not form.is_valid():
        return render(request, "commitments/commitment.html", {**about(found), "address_is_wrong": True}, status=422)
    following.ask_to_follow(found, form.cleaned_data["address"])
    return render(request, "commitments/asked.html", {"found": found})


@csrf_exempt
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button, so that a mail program that opens every address confirms nothing."""
    if request.method == "POST" and not following.confirm(token):
        raise Http404(_("This address has been forgotten; ask again on the page of the commitment."))
    return render(request, "commitments/following.html", {"is_done": request.method == "POST", "is_leaving": False})


@csrf_exempt
@never_cache
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """One button; afterwards the same page, whether the token was known or not."""
    if request.method == "POST":
        following.leave(token)
    return render(request, "commitments/following.html", {"is_done": request.method == "POST", "is_leaving": True})


@require_safe
def receipt(request: HttpRequest, number: int) -> HttpResponse:
    """A page to print: the code with which to see later what happened since."""
    found = commitment_or_404(number)
    code = following.receipt_code(found.pk, found.steps)
    return render(request, "commitments/receipt.html", {"found": found, "code": code})


@require_safe
def ask_since(request: HttpRequest) -> HttpResponse:
    """Where a receipt code is typed."""
    typed = request.GET.get("code", "")
    read = following.read_receipt(typed[:60])
    if read is not None:
        return redirect("commitments:since", code=following.receipt_code(*read))
    return render(request, "commitments/since.html", {"is_wrong": bool(typed)}, status=422 if typed else 200)


@require_safe
def since(request: HttpRequest, code: str) -> HttpResponse:
    """What happened since the code was printed."""
    read = following.read_receipt(code)
    found = queries.commitment(read[0]) if read else None
    if read is None or found is None:
        return render(request, "commitments/since.html", {"is_wrong": True}, status=404)
    day = queries.today()
    return render(
        request,
        "commitments/since.html",
        {
            "found": found,
            "is_overdue": queries.is_overdue(found, day),
            "steps": [{"step": each, "outcome": in_words.outcome(each)} for each in queries.steps_since(*read)],
            "code": following.receipt_code(found.pk, found.steps),
        },
    )
