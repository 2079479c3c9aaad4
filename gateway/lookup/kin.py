"""Who is related to whom, and who acts for a child: links of the registry turned into kinships. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from gateway.api.v1 import person_pb2
from registry.datasets import Link, Relation
from registry.finding import Life, Member

ADULT_YEARS = 18
"""Full age, Civil Code 91/2015 article 20."""

_KINSHIPS = {
    Link.FATHER: person_pb2.KINSHIP_FATHER,
    Link.MOTHER: person_pb2.KINSHIP_MOTHER,
    Link.SPOUSE: person_pb2.KINSHIP_SPOUSE,
    Link.CHILD: person_pb2.KINSHIP_CHILD,
}


def is_minor(life: Life, today: date) -> bool:
    """Whether a living person is under 18. A month or day that is not known counts as the last one there can be."""
    born = (life.birth_year, life.birth_month or 12, life.birth_day or 31)
    return not life.is_dead and (today.year - ADULT_YEARS, today.month, today.day) < born


def kinships(
    person_id: int,
    links: Sequence[tuple[Link, int]],
    members: Sequence[Member],
    lives: Mapping[int, Life],
    today: date,
) -> dict[int, list[int]]:
    """Per relative (person_id) how they stand to the person, as numbers of the contract's `Kinship`, sorted.

    `members`: of the person's household. `lives`: of the person, the linked and the members.
    """
    found: dict[int, set[int]] = {}
    for link, relative in links:
        found.setdefault(relative, set()).add(_KINSHIPS[link])
    if is_minor(lives[person_id], today):
        for representative in _acting(person_id, links, members, lives):
            found.setdefault(representative, set()).add(person_pb2.KINSHIP_REPRESENTATIVE)
    if not lives[person_id].is_dead:
        for represented in _acted_for(person_id, links, members):
            if is_minor(lives[represented], today):
                found.setdefault(represented, set()).add(person_pb2.KINSHIP_REPRESENTED)
    ordered = sorted(found, key=lambda relative: (min(found[relative]), relative))
    return {relative: sorted(found[relative]) for relative in ordered}


def of_kinds(found: Mapping[int, list[int]], asked: Collection[int]) -> dict[int, list[int]]:
    """Only the kinships asked for; all of them when none is named."""
    if not asked:
        return dict(found)
    kept = {relative: [kinship for kinship in each if kinship in asked] for relative, each in found.items()}
    return {relative: each for relative, each in kept.items() if each}


def _acting(
    person_id: int, links: Sequence[tuple[Link, int]], members: Sequence[Member], lives: Mapping[int, Life]
) -> list[int]:
    """Who acts for the person, should they be a minor: parents, and the guardian in the household they head."""
    acting = [relative for link, relative in links if link in (Link.FATHER, Link.MOTHER)]
    if person_id in _of_relation(members, Relation.HEAD):
        acting += _of_relation(members, Relation.GUARDIAN)
    return [relative for relative in acting if not lives[relative].is_dead]


def _acted_for(person_id: int, links: Sequence[tuple[Link, int]], members: Sequence[Member]) -> list[int]:
    """For whom the person acts, should they be minors: children, and the head whose guardian they are."""
    acted_for = [relative for link, relative in links if link is Link.CHILD]
    if person_id in _of_relation(members, Relation.GUARDIAN):
        acted_for += _of_relation(members, Relation.HEAD)
    return acted_for


def _of_relation(members: Sequence[Member], relation: Relation) -> list[int]:
    return [member.person_id for member in members if member.relation == relation]
