"""Decide together: budgeting rules that are fair to groups of voters, opinion groups, and rankings from pairs."""

from comity.priorities.election import Ballot, Election, PrioritiesError, Project
from comity.priorities.equal_shares import COMPLETIONS, WORTHS, equal_shares
from comity.priorities.greedy import greedy
from comity.priorities.opinion_groups import OpinionGroups, find_groups
from comity.priorities.outcome import Outcome
from comity.priorities.pabulib import parse_pabulib, read_pabulib, recorded_winners, write_pabulib
from comity.priorities.pairs import Ranked, rank_pairs
from comity.priorities.phragmen import phragmen
from comity.priorities.shares import GroupShare, prefer, share_out
from comity.priorities.votes import Votes, gather_votes, read_votes

__all__ = [
    "COMPLETIONS",
    "WORTHS",
    "Ballot",
    "Election",
    "GroupShare",
    "OpinionGroups",
    "Outcome",
    "PrioritiesError",
    "Project",
    "Ranked",
    "Votes",
    "equal_shares",
    "find_groups",
    "gather_votes",
    "greedy",
    "parse_pabulib",
    "phragmen",
    "prefer",
    "rank_pairs",
    "read_pabulib",
    "read_votes",
    "recorded_winners",
    "share_out",
    "write_pabulib",
]
