"""Vocabularies are clean, and surnames as a whole meet the national table."""

import unicodedata

import numpy as np

from seed.belonging import belonging
from seed.naming import names, national_surnames


def test_words_are_composed_and_trimmed_unicode() -> None:
    for word in names().words:
        assert word == unicodedata.normalize("NFC", word).strip()
        assert word == "" or word[0].isupper()


def test_every_birth_year_has_exactly_one_cohort_of_each_sex() -> None:
    for sex in (1, 2):
        for year in range(1900, 2101):
            assert sum(c.sex == sex and c.since <= year <= c.until for c in names().cohorts) == 1


def test_surnames_of_all_groups_together_meet_the_national_shares() -> None:
    vocabulary = names()
    total: dict[str, float] = {}
    for group, share in enumerate(belonging().ethnic_share.tolist()):
        words, running = vocabulary.ethnic_surnames.get(group, (vocabulary.surname_words, vocabulary.surname_running))
        for word, part in zip(words, np.diff(running, prepend=0.0), strict=True):
            name = str(vocabulary.words[word])
            total[name] = total.get(name, 0.0) + share * float(part)
    labels, shares = national_surnames()
    for label, expected in zip(labels[:-1], shares[:-1], strict=True):
        assert abs(total[label] - expected) < 0.005
