"""What the auditor may ask the log for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms


class LogForm(forms.Form):
    """Filters; each may be empty. What cannot be read counts as empty."""

    actor = forms.CharField(required=False, max_length=150)
    action = forms.CharField(required=False, max_length=60)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def wanted(self) -> dict[str, Any]:
        """Keyword arguments of `queries.entries`."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or None for name in self.fields}

    def as_query(self) -> str:
        """The filters as part of an address, such as "actor=maria&since=2027-03-01"."""
        return urlencode({name: value for name, value in self.wanted().items() if value})
