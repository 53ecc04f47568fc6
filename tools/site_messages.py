"""Lists every translatable string of the site, and adds those that a translation lacks to its .po file, empty.

Templates write {% translate "..." %} and {% blocktranslate %}...{% endblocktranslate %}, Python calls gettext as _ or
ngettext; this reads both without GNU gettext, which a development machine may not have.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
SITE = ROOT / "src" / "comity" / "site"
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2)}

HEADER = """\
# Spanish of the portal: plain, respectful US Spanish. Entries are added by tools/site_messages.py, translated by hand.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: es\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""

Message = str | tuple[str, str]


def site_messages(site: Path = SITE) -> list[Message]:
    """Every string, a plural one as (singular, plural), in the order of files and lines."""
    found: dict[Message, None] = {}
    for path in sorted(site.rglob("*.html")):
        found.update(dict.fromkeys(_of_template(path.read_text(encoding="utf-8"))))
    for path in sorted(site.rglob("*.py")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, KEYWORDS):
                found[message] = None
    return list(found)


def _of_template(source: str) -> list[Message]:
    pattern = re.compile(
        r"""\{%-?\s*translate\s+"(?P<plain>[^"]+)"|[\s=:(]_\("(?P<argument>[^"]+)"\)"""
        r"""|\{%\s*blocktranslate(?P<options>[^%]*)%\}(?P<block>.*?)\{%\s*endblocktranslate\s*%\}""",
        re.DOTALL,
    )
    found: list[Message] = []
    for match in pattern.finditer(source):
        if match["block"] is None:
            found.append((match["plain"] or match["argument"]).replace("%", "%%"))
        else:
            parts = re.split(r"\{%\s*plural\s*%\}", match["block"])
            texts = [re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", part.replace("%", "%%")) for part in parts]
            found.append((texts[0], texts[1]) if len(texts) == 2 else texts[0])
    return found


def add_missing(po: Path) -> int:
    """Writes the .po file with an empty entry for each string it lacks and without those nobody uses.

    Returns how many strings have no translation yet.
    """
    with po.open("rb") as file:
        catalogue = read_po(file, locale=po.parts[-3])
    used = site_messages()
    for message in used:
        if message not in catalogue:
            catalogue.add(message)
    keys = {each if isinstance(each, str) else each[0] for each in used}
    for message in [each.id for each in catalogue if each.id]:
        if (message if isinstance(message, str) else message[0]) not in keys:
            catalogue.delete(message)
    with po.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, catalogue, width=120, omit_header=True, include_lineno=False)
    strings = [each.string for each in catalogue if each.id]
    return sum(not (all(each) if isinstance(each, tuple) else each) for each in strings)


if __name__ == "__main__":
    missing = add_missing(SITE / "locale" / "es" / "LC_MESSAGES" / "django.po")
    print(f"{missing} strings of the site have no Spanish yet.")
    sys.exit(1 if missing else 0)
