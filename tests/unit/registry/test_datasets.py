"""Codes are part of stored data: none may change its meaning."""

from registry.datasets import ChangeKind, Dataset, DocumentKind, Link, Relation, ResidenceKind


def test_codes_of_stored_values_are_fixed() -> None:
    assert {dataset.name: dataset.value for dataset in Dataset} == {
        "IDENTITY": 1,
        "RESIDENCE": 2,
        "HOUSEHOLD": 3,
        "DOCUMENTS": 4,
        "FAMILY": 5,
        "CIVIL_STATUS": 6,
        "CONTACT": 7,
        "SOCIAL_INSURANCE": 20,
        "HEALTH_INSURANCE": 21,
        "VACCINATION": 22,
        "EDUCATION": 23,
        "PUBLIC_POST": 24,
        "DRIVER_LICENCE": 25,
        "VEHICLE": 26,
        "MOBILE": 27,
        "TAX": 28,
        "BUSINESS": 29,
        "LAND": 30,
        "PASSPORT": 31,
        "ELECTRONIC_IDENTITY": 32,
        "PORTAL": 33,
    }
    assert [kind.value for kind in ResidenceKind] == [1, 2, 3]
    assert [kind.value for kind in DocumentKind] == [1, 2, 3]
    assert [link.value for link in Link] == [1, 2, 3, 4]
    assert [relation.value for relation in Relation] == list(range(1, 21))


def test_change_kinds_are_single_bits() -> None:
    assert [kind.value for kind in ChangeKind] == [1 << bit for bit in range(len(ChangeKind))]
