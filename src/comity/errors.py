"""Every error a user can meet: one base class whose message says what happened, with the value, and what to do next."""

from __future__ import annotations


class ComityError(Exception):
    """A user's mistake or a refusal, in words for someone who is not a programmer.

    what: one sentence with the value that is wrong. next_step: one sentence that says what to do.
    Never put personal data, survey answers, tokens or keys into either.
    """

    exit_code = 1

    def __init__(self, what: str, next_step: str) -> None:
        self.what = what
        self.next_step = next_step
        super().__init__(f"{what} {next_step}")


class UsageError(ComityError):
    """The command or call itself is off; nothing was read."""

    exit_code = 2


def nearest(word: str, valid: list[str] | tuple[str, ...]) -> str | None:
    """The valid word closest to `word`, or None when nothing is near; for "did you mean" in messages."""
    import difflib

    found = difflib.get_close_matches(word.casefold(), [each.casefold() for each in valid], n=1, cutoff=0.6)
    return next((each for each in valid if found and each.casefold() == found[0]), None)
