"""What is printed: letters with a code to scan or type, reminders, and paper forms of the same questionnaire."""

from comity.site.surveys.print.letters import Letter, LetterTexts, PrintError, address_lines, write_letters
from comity.site.surveys.print.paper import paper_form

__all__ = ["Letter", "LetterTexts", "PrintError", "address_lines", "paper_form", "write_letters"]
