"""What each method asks, how it answers, what it takes for granted and what it cannot tell, in words for residents.

Releases store these as methods.json; docs/methods/ has a page for each with equations, sources and checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from comity.wording import LANGUAGES, Message, message


@dataclass(frozen=True)
class Method:
    """Texts of one method. source: paper or standard, in its own language."""

    key: str
    title: Message
    question: Message
    how: Message
    assumptions: tuple[Message, ...]
    limits: tuple[Message, ...]
    source: str

    def as_record(self, languages: Iterable[str] = LANGUAGES) -> dict[str, Any]:
        languages = tuple(languages)
        return {
            "title": self.title.in_languages(languages),
            "question": self.question.in_languages(languages),
            "how": self.how.in_languages(languages),
            "assumptions": [text.in_languages(languages) for text in self.assumptions],
            "limits": [text.in_languages(languages) for text in self.limits],
            "source": self.source,
        }


NOT_PROOF = message("A disparity is not proof of bias, and no disparity is not proof that there is none.")
DOWNSTREAM = message(
    "It starts with people who were already stopped. If the stops themselves are biased, comparisons after the stop "
    "usually "
    "understate the harm."
)

METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method(
            key="stop_rate",
            title=message("Stop rates"),
            question=message("Is one group stopped more often than another, compared with how many people it has?"),
            how=message(
                "Stops are divided by the number of people of the group in the same places. Intervals allow for "
                "places that differ. "
                "A second ratio compares the groups only within the same place (Mantel-Haenszel)."
            ),
            assumptions=(
                message("The people counted in the benchmark are those who could have been stopped there."),
                message("The group written down by the officer and the group in the benchmark mean the same."),
            ),
            limits=(
                NOT_PROOF,
                message(
                    "Nobody knows who was really at risk of being stopped: residents are not drivers, and people "
                    "are stopped "
                    "away from home. Each benchmark fails in its own way."
                ),
            ),
            source="Ridgeway and MacDonald 2010, Methods for Assessing Racially Biased Policing",
        ),
        Method(
            key="benchmarks",
            title=message("Benchmarks side by side"),
            question=message("Does the answer depend on what stops are compared with?"),
            how=message(
                "The ratio of two groups' stops is worked out against each benchmark there is: residents, licensed "
                "drivers, drivers in crashes where they were not at fault, and stops in the dark. Only if all agree does it show "
                "a difference."
            ),
            assumptions=(message("At least one of the benchmarks comes close to who could have been stopped."),),
            limits=(NOT_PROOF, message("Benchmarks that fail in the same direction agree and are still wrong.")),
            source="Ridgeway and MacDonald 2010, Methods for Assessing Racially Biased Policing",
        ),
        Method(
            key="search_rate",
            title=message("Search rates"),
            question=message("Of the people stopped, is one group searched more often than another?"),
            how=message(
                "Searches are divided by stops in which it was recorded whether a search took place. Intervals "
                "allow for places "
                "that differ. A second ratio compares the groups only within the same place (Mantel-Haenszel)."
            ),
            assumptions=(
                message("Whether a search took place is recorded equally well for each group."),
                message("Stops of different groups do not differ in what justifies a search. This is rarely known."),
            ),
            limits=(NOT_PROOF, DOWNSTREAM),
            source="Pierson et al. 2020, A large-scale analysis of racial disparities in police stops",
        ),
        Method(
            key="outcome_test",
            title=message("Outcome test"),
            question=message("When people are searched, is something found equally often in each group?"),
            how=message(
                "The hit rate is the share of searches that find contraband. If one group's searches find less, its "
                "members may "
                "be searched on weaker evidence. Intervals allow for places that differ."
            ),
            assumptions=(
                message(
                    "Searches are at the officer's discretion, and what is found is recorded in the same way for "
                    "each group."
                ),
                message("Officers look for the same things in each group."),
            ),
            limits=(
                message(
                    "Equal hit rates can hide bias, and unequal ones can arise without it, because hit rates depend "
                    "on everyone "
                    "searched and not only on the borderline cases (infra-marginality)."
                ),
                NOT_PROOF,
                DOWNSTREAM,
            ),
            source="Becker 1957; Knowles, Persico and Todd 2001; Ayres 2002",
        ),
        Method(
            key="threshold_test",
            title=message("Threshold test"),
            question=message("Are people of one group searched on weaker evidence than people of another?"),
            how=message(
                "A statistical model estimates, from search and hit rates in many places, how likely an officer "
                "must think it that "
                "somebody carries contraband before searching. A lower bar for one group means that its members are "
                "searched on "
                "weaker evidence. The answer is repeated under other assumptions, and none is given if the "
                "computation is unsure."
            ),
            assumptions=(
                message("Officers search when the risk they see passes a bar that depends on group and place."),
                message("Risk has the same assumed shape in each group, shifted and stretched by group and by place."),
                message(
                    "Searches are at the officer's discretion, and what is found is recorded in the same way for "
                    "each group."
                ),
            ),
            limits=(
                message("It speaks only of searches, among people already stopped, under an assumed shape of risk."),
                NOT_PROOF,
                DOWNSTREAM,
            ),
            source="Pierson, Corbett-Davies and Goel 2018, Fast threshold tests for detecting discrimination",
        ),
        Method(
            key="veil_of_darkness",
            title=message("Veil of darkness"),
            question=message("Are fewer people of a group stopped once it is too dark to see who is driving?"),
            how=message(
                "In the early evening the same clock time is light in summer and dark in winter. Stops at these "
                "hours are compared in "
                "the light and in the dark at the same time of day and place, leaving out twilight."
            ),
            assumptions=(
                message("In the dark it is harder to see who is driving before the stop."),
                message(
                    "At the same clock time, who is on the road does not change with the season in step with darkness."
                ),
            ),
            limits=(
                message("It speaks only of stops near dusk, and of the decision to stop."),
                message("Street lights and seasons weaken it. Finding no difference does not clear anyone."),
                NOT_PROOF,
            ),
            source=(
                "Grogger and Ridgeway 2006, Testing for racial profiling in traffic stops from behind a veil of "
                "darkness"
            ),
        ),
        Method(
            key="selection_bounds",
            title=message("Selection bounds"),
            question=message("How would the comparison after the stop change if some stops were biased?"),
            how=message(
                "If a share of a group's stops would not have been made of others, comparing searches after the "
                "stop understates the "
                "difference. That share is unknown, so the difference is shown for several values of it."
            ),
            assumptions=(
                message("Being of the group never makes a stop or a search less likely."),
                message(
                    "Stops of the other group show what would have happened in stops that would have been made anyway."
                ),
            ),
            limits=(message("The share of biased stops is an assumption, not a measurement."), NOT_PROOF),
            source="Knox, Lowe and Mummolo 2020, Administrative records mask racially biased policing",
        ),
        Method(
            key="change",
            title=message("Change over time"),
            question=message("Is the latest period different from those before?"),
            how=message(
                "The latest count is compared with all earlier ones since the last declared break in how things are "
                "counted, with an "
                "exact test for small counts, and once more allowing for how much earlier periods vary."
            ),
            assumptions=(
                message("Since the last declared break, events were counted in the same way."),
                message("Without a change, events would have come at a steady rate for each unit of exposure."),
            ),
            limits=(
                message("A change after an event is not proof that the event caused it."),
                message("Many series looked at together show a change now and then by chance."),
            ),
            source="Przyborowski and Wilenski 1940; Spiegelhalter 2005, Funnel plots",
        ),
        Method(
            key="rollout",
            title=message("Roll-out evaluation"),
            question=message("Did a training or policy change the outcome?"),
            how=message(
                "Units that adopted are compared with units that had not adopted yet or never did, using each "
                "unit's own past. Units "
                "that were already changing differently before adoption give no answer."
            ),
            assumptions=(
                message("Without adoption, adopting units would have changed as the others did."),
                message("Nobody changed behavior before adoption because it was coming."),
                message("One unit's adoption does not change what happens in another."),
            ),
            limits=(
                message("Hours of training are output; ratings and disparities are outcome."),
                message("It speaks of the units and times in the data."),
            ),
            source="Borusyak, Jaravel and Spiess 2024; Callaway and Sant'Anna 2021; Sun and Abraham 2021",
        ),
        Method(
            key="officers",
            title=message("Officers against peers"),
            question=message("Does an officer differ from peers who work at the same times and places?"),
            how=message(
                "Each officer's share is compared with what other officers did in the same cells of time, place and "
                "assignment. "
                "Flags are limited so that few of them come by chance. For the agency's own eyes; never published."
            ),
            assumptions=(
                message("Within a cell, officers meet comparable people and situations."),
                message("Cells are fine enough to describe an assignment."),
            ),
            limits=(message('A flag means "differs from comparable peers", nothing more.'),),
            source="Ridgeway and MacDonald 2009, Doubly robust internal benchmarking",
        ),
    )
}


def methods_record(keys: Iterable[str], languages: Iterable[str] = LANGUAGES) -> dict[str, Any]:
    """The content of a release's methods.json for the methods it used. Raises KeyError for an unknown key."""
    languages = tuple(languages)
    return {key: METHODS[key].as_record(languages) for key in dict.fromkeys(keys)}
