"""What the code page is sent."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class CodeForm(forms.Form):
    code = forms.CharField(max_length=40, label=_("Your code"))


class TokenForm(CodeForm):
    blinded = forms.CharField(max_length=43)
