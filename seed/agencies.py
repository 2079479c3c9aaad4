"""The agencies of the synthetic country: who they are, what they may ask and why. Data only, in this one place.

Purposes and legal bases follow the law that shapes the gateway: the Law on Identification 26/2023/QH15 (article 10:
sharing and use of the population database) with Decree 70/2024, Circular 46/2022/TT-BCA on connections to other
databases, the Data Law 60/2024 with Decree 278/2025, and article 19 of the Law on Personal Data 91/2025. The agencies
themselves are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BASIC_FIELDS = ("number", "name", "birth_date", "sex", "permanent_residence", "household_number")
"""The six basic fields."""

PROVINCE = "01"
"""Hà Nội, code since 1/7/2025: the province whose office is among the agencies."""

_USE_OF_THE_REGISTRY = "law26/2023:art10"
_DECREE_ON_IDENTIFICATION = "decree70/2024"
_CONNECTION = "circular46/2022"
_SHARED_DATA = "decree278/2025"
_WITHOUT_CONSENT = "law91/2025:art19"


@dataclass(frozen=True, slots=True)
class GrantPlan:
    """One grant: each of the methods, for each purpose, with these fields. `provinces` empty: everybody.

    `verify_fields` may be compared and not seen, as leniently as `leniency` says; `predicates` may be asked.
    """

    methods: tuple[str, ...]
    purposes: Mapping[str, tuple[str, ...]]
    fields: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    verify_fields: tuple[str, ...] = ()
    predicates: tuple[str, ...] = ()
    leniency: str = "EXACT"


@dataclass(frozen=True, slots=True)
class AgencyPlan:
    """An agency: `agency_class` is the name of an `AgencyClass` without its prefix, `task` what it does, for people.

    `officer` is the pseudonymous id that its calls carry.
    """

    code: str
    name: str
    agency_class: str
    task: str
    officer: str
    grants: tuple[GrantPlan, ...] = field(default=())

    @property
    def purpose(self) -> str:
        """The purpose that it mostly asks for."""
        return next(iter(self.grants[0].purposes))

    @property
    def legal_basis(self) -> str:
        """The legal basis that it mostly states."""
        return self.grants[0].purposes[self.purpose][0]


HOSPITAL = AgencyPlan(
    code="hospital",
    name="Bệnh viện Đa khoa Sông Hồng",
    agency_class="HEALTH",
    task="checks patients in by the number on the card, and prepares lists of appointments",
    officer="tiep-nhan-04",
    grants=(
        GrantPlan(
            methods=("LookUpPerson", "BatchLookUpPersons", "StreamLookUpPersons"),
            purposes={"health.admission": (_USE_OF_THE_REGISTRY, _WITHOUT_CONSENT)},
            fields=("number", "name", "birth_date", "sex", "permanent_residence", "social_insurance.health_card"),
        ),
    ),
)

SOCIAL_INSURANCE = AgencyPlan(
    code="social-insurance",
    name="Cơ quan Bảo hiểm xã hội",
    agency_class="SOCIAL_INSURANCE",
    task="mirrors six basic fields of everybody, pushes what it owns",
    officer="dong-bo-01",
    grants=(
        GrantPlan(
            methods=("LookUpPerson", "BatchLookUpPersons", "StreamLookUpPersons", "ResolveNumber", "Pull", "Push"),
            purposes={"social_insurance.records": (_SHARED_DATA, _CONNECTION)},
            fields=(*BASIC_FIELDS, "social_insurance"),
        ),
    ),
)

CARRIER = AgencyPlan(
    code="carrier",
    name="Viễn thông Sao Mai",
    agency_class="CARRIER",
    task="checks the subscriber who signs a contract, and its files of subscribers, and may see little",
    officer="cua-hang-17",
    grants=(
        GrantPlan(
            methods=("LookUpPerson", "VerifyPerson", "BatchVerifyPersons", "StreamVerifyPersons"),
            purposes={"subscriber.registration": (_DECREE_ON_IDENTIFICATION,)},
            fields=("number", "name", "birth_date.year"),
            verify_fields=("number", "name", "birth_date", "sex", "legacy_number", "permanent_residence"),
            predicates=("alive", "age_at_least:18"),
            leniency="SPELLING",
        ),
    ),
)

PROVINCE_OFFICE = AgencyPlan(
    code="province",
    name="Trung tâm Phục vụ hành chính công Hà Nội",
    agency_class="PROVINCE",
    task="serves the people of its own province, and sees nobody else",
    officer="mot-cua-09",
    grants=(
        GrantPlan(
            methods=("LookUpPerson", "BatchLookUpPersons", "LookUpHousehold", "Pull"),
            purposes={"province.public_service": (_USE_OF_THE_REGISTRY, _SHARED_DATA)},
            fields=(*BASIC_FIELDS, "relation_to_head", "social_insurance.status"),
            provinces=(PROVINCE,),
        ),
    ),
)

AUDITOR = AgencyPlan(
    code="auditor",
    name="Đoàn kiểm tra truy cập dữ liệu dân cư",
    agency_class="AUDITOR",
    task="asks who looked at whom, and sees no registry data",
    officer="kiem-tra-01",
    grants=(GrantPlan(methods=("QueryAccesses",), purposes={"audit.inspection": (_CONNECTION, _WITHOUT_CONSENT)}),),
)

AGENCIES = (HOSPITAL, SOCIAL_INSURANCE, CARRIER, PROVINCE_OFFICE, AUDITOR)
