"""The words of the association test, written for it. They name places and things, never people or faces.

The test is for self-reflection. It runs and is scored in the browser (frontend/scripts/association*.js); nothing about it is
sent or stored, so there is nothing else here.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


def words() -> dict[str, dict[str, object]]:
    """The four categories with their words, in the page's language."""
    return {
        "little": {
            "label": _("Little money"),
            "words": [
                _("bus stop"),
                _("laundromat"),
                _("food bank"),
                _("pawn shop"),
                _("rented room"),
                _("thrift store"),
            ],
        },
        "much": {
            "label": _("Much money"),
            "words": [
                _("golf club"),
                _("sailboat"),
                _("wine cellar"),
                _("private school"),
                _("villa"),
                _("tennis court"),
            ],
        },
        "safe": {
            "label": _("Safe"),
            "words": [_("calm"), _("gentle"), _("peaceful"), _("friendly"), _("harmless"), _("trust")],
        },
        "dangerous": {
            "label": _("Dangerous"),
            "words": [_("threat"), _("weapon"), _("attack"), _("violent"), _("menace"), _("hostile")],
        },
    }


def texts() -> dict[str, object]:
    """What the script says, in the page's language, with {places} that it fills."""
    return {
        "block": _("Round {block} of 7"),
        "left": _("Left, key {key}: {names}"),
        "right": _("Right, key {key}: {names}"),
        "wrong": _("Be as fast as you can. After a wrong key, a cross appears: press the other one."),
        "go": _("Go on"),
        "or": _("or"),
        "d": _("D = {d}"),
        "none": {
            "left": _("You left the test. Nothing was kept."),
            "fast": _(
                "More than one in ten answers came in under 0.3 seconds, too fast to have read the word. There is no result."
            ),
            "slow": _("The answers came too slowly to compare them. There is no result."),
            "few": _("There are too few answers to compare. There is no result."),
        },
        "sizes": [
            _("You were about as fast with both pairings."),
            _("You were slightly faster when “{place}” and “{meaning}” shared a key."),
            _("You were moderately faster when “{place}” and “{meaning}” shared a key."),
            _("You were much faster when “{place}” and “{meaning}” shared a key."),
        ],
    }
