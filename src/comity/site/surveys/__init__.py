"""Surveys that nobody can trace: invitation codes, blind tokens, responses that no order or time gives away."""
