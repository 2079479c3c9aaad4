"""What the extract of each agency holds: whose rows, which columns, in which format, and the mistakes it is prone to.

Columns and formats are modelled on such agencies' forms; none is a published interface.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seed.errors import UnknownAgency
from seed.extracts.mistakes import ANY_BIRTH, ANY_NAME, Mistake
from seed.extracts.records import Record, Scope, address

Format = Callable[[Record], object]

CARDS_SINCE = 20210101  # who registered before the card with a chip showed the old one, if they had one
PATIENT_SHARE = 0.4  # of the living, in the register of a year (modelled)


@dataclass(frozen=True, slots=True)
class Extract:
    """One agency's file. `columns` say the header and how a record reads there; None is an empty field.

    `mistakes` are those its clerks make. Faults of a whole batch: `swapped` names two columns that get mixed up,
    `name` the one that gets cut, `numbers` those that lose leading zeros.
    """

    code: str
    task: str
    scope: Scope
    columns: Mapping[str, Format]
    mistakes: tuple[Mistake, ...]
    name: str
    numbers: tuple[str, ...]
    swapped: tuple[str, str]

    def written(self, record: Record) -> list[str]:
        """The record as one line of the file, everything as text."""
        values = (read(record) for read in self.columns.values())
        return ["" if value is None else str(value) for value in values]


def extract_of(code: str) -> Extract:
    """The extract of an agency. Raises `UnknownAgency`, which lists all."""
    for extract in EXTRACTS:
        if extract.code == code:
            return extract
    raise UnknownAgency([extract.code for extract in EXTRACTS])


def _own(name: str) -> Format:
    return lambda record: record.own[name]


def _own_date(name: str) -> Format:
    return lambda record: _day_first(record.own[name])


def _name(record: Record) -> str:
    return record.written.name


def _number(record: Record) -> str | None:
    return record.written.number


def _legacy(record: Record) -> str | None:
    return record.written.legacy


def _sex_word(record: Record) -> str:
    return {1: "Nam", 2: "Nữ"}[record.sex]


def _sex_code(record: Record) -> int:
    return record.sex


def _phone(record: Record) -> str | None:
    return record.phone


def _father(record: Record) -> str | None:
    return record.father.name if record.father else None


def _mother(record: Record) -> str | None:
    return record.mother.name if record.mother else None


def _day_first(date: int | None, separator: str = "/") -> str | None:
    """dd/mm/yyyy; only the year where that is all that is known."""
    if date is None:
        return None
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    return separator.join((f"{day:02d}", f"{month:02d}", f"{year:04d}")) if day else f"{year:04d}"


def _birth_day_first(record: Record) -> str | None:
    return _day_first(record.written.birth)


def _birth_dashed(record: Record) -> str | None:
    return _day_first(record.written.birth, "-")


def _birth_digits(record: Record) -> str:
    return f"{record.written.birth:08d}"


def _birth_iso(record: Record) -> str:
    """yyyy-mm-dd; only the year where that is all that is known."""
    digits = f"{record.written.birth:08d}"
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if record.written.birth % 100 else digits[:4]


def _shows_old_card(record: Record) -> bool:
    activated = record.own["activated_date"]
    before = activated is not None and activated < CARDS_SINCE
    return record.written.number is None or (before and record.written.legacy is not None)


def _paper(record: Record) -> str | None:
    return record.written.legacy if _shows_old_card(record) else record.written.number


def _paper_kind(record: Record) -> str:
    return "CMND" if _shows_old_card(record) else "CCCD"


HOSPITAL = Extract(
    code="hospital",
    task="patients of a year",
    scope=Scope(None, beside=("social_insurance",), coverage=PATIENT_SHARE),
    columns={
        "HO_TEN": _name,
        "NGAY_SINH": _birth_digits,
        "GIOI_TINH": _sex_code,
        "SO_CCCD": _number,
        "SO_CMND": _legacy,
        "MA_THE_BHYT": _own("health_card"),
        "DIEN_THOAI": _phone,
        "DIA_CHI": address,
        "HO_TEN_CHA": _father,
        "HO_TEN_ME": _mother,
    },
    mistakes=(
        *(*ANY_NAME, *ANY_BIRTH, Mistake.SHARED_OLD_NUMBER, Mistake.OLD_NUMBER_ONLY),
        *(Mistake.FATHER_AS_MOTHER, Mistake.OLD_DISTRICT),
    ),
    name="HO_TEN",
    numbers=("SO_CCCD", "SO_CMND", "DIEN_THOAI"),
    swapped=("SO_CCCD", "MA_THE_BHYT"),
)

VACCINATION = Extract(
    code="vaccination",
    task="doses given",
    scope=Scope("vaccinations"),
    columns={
        "ho_va_ten": _name,
        "ngay_sinh": _birth_day_first,
        "gioi_tinh": _sex_word,
        "so_dinh_danh": _number,
        "so_cmnd": _legacy,
        "dien_thoai": _phone,
        "dia_chi": address,
        "vac_xin": _own("vaccine"),
        "mui_so": _own("dose"),
        "so_lo": _own("lot"),
        "ngay_tiem": _own_date("given_date"),
        "co_so_tiem": _own("facility_code"),
    },
    mistakes=(*ANY_NAME, *ANY_BIRTH, Mistake.SHARED_OLD_NUMBER, Mistake.OLD_NUMBER_ONLY, Mistake.OLD_DISTRICT),
    name="ho_va_ten",
    numbers=("so_dinh_danh", "so_cmnd", "dien_thoai"),
    swapped=("so_dinh_danh", "dien_thoai"),
)

CARRIER = Extract(
    code="carrier",
    task="mobile subscribers",
    scope=Scope("mobile_subscriptions"),
    columns={
        "so_thue_bao": _own("number"),
        "ho_ten": _name,
        "ngay_sinh": _birth_day_first,
        "loai_giay_to": _paper_kind,
        "so_giay_to": _paper,
        "dia_chi": address,
        "nha_mang": _own("carrier"),
        "ngay_kich_hoat": _own_date("activated_date"),
    },
    mistakes=(*ANY_NAME, *ANY_BIRTH, Mistake.SHARED_OLD_NUMBER, Mistake.PARENTS_CARD, Mistake.OLD_DISTRICT),
    name="ho_ten",
    numbers=("so_thue_bao", "so_giay_to"),
    swapped=("so_thue_bao", "so_giay_to"),
)

SOCIAL_INSURANCE = Extract(
    code="social-insurance",
    task="social insurance codes",
    scope=Scope("social_insurance"),
    columns={
        "ma_so_bhxh": _own("code"),
        "ho_ten": _name,
        "ngay_sinh": _birth_dashed,
        "gioi_tinh": _sex_word,
        "so_cccd": _number,
        "so_cmnd": _legacy,
        "the_bhyt": _own("health_card"),
        "ma_don_vi": _own("employer_unit"),
        "dia_chi_thuong_tru": address,
        "ho_ten_cha": _father,
        "ho_ten_me": _mother,
    },
    mistakes=(
        *(*ANY_NAME, *ANY_BIRTH, Mistake.SHARED_OLD_NUMBER, Mistake.OLD_NUMBER_ONLY),
        *(Mistake.FATHER_AS_MOTHER, Mistake.OLD_DISTRICT),
    ),
    name="ho_ten",
    numbers=("ma_so_bhxh", "so_cccd", "so_cmnd"),
    swapped=("ma_so_bhxh", "so_cccd"),
)

EDUCATION = Extract(
    code="education",
    task="pupils and students",
    scope=Scope("enrolment"),
    columns={
        "ma_hoc_sinh": _own("sector_code"),
        "ho_va_ten": _name,
        "ngay_sinh": _birth_day_first,
        "gioi_tinh": _sex_word,
        "ma_dinh_danh": _number,
        "ma_truong": _own("school_code"),
        "cap_hoc": _own("level"),
        "khoi": _own("grade"),
        "nam_hoc": _own("school_year"),
        "ho_ten_cha": _father,
        "ho_ten_me": _mother,
        "noi_thuong_tru": address,
    },
    mistakes=(*ANY_NAME, *ANY_BIRTH, Mistake.FATHER_AS_MOTHER, Mistake.OLD_DISTRICT),
    name="ho_va_ten",
    numbers=("ma_hoc_sinh", "ma_dinh_danh"),
    swapped=("ma_hoc_sinh", "ma_dinh_danh"),
)

TAX = Extract(
    code="tax",
    task="personal tax codes",
    scope=Scope("tax_registration"),
    columns={
        "mst": _own("former_code"),
        "ten_nnt": _name,
        "ngay_sinh": _birth_iso,
        "so_cccd": _number,
        "so_cmnd": _legacy,
        "dia_chi": address,
        "trang_thai": _own("status"),
        "nguoi_phu_thuoc": _own("dependants"),
    },
    mistakes=(*ANY_NAME, *ANY_BIRTH, Mistake.SHARED_OLD_NUMBER, Mistake.OLD_NUMBER_ONLY, Mistake.OLD_DISTRICT),
    name="ten_nnt",
    numbers=("mst", "so_cccd", "so_cmnd"),
    swapped=("mst", "so_cccd"),
)

EXTRACTS = (HOSPITAL, VACCINATION, CARRIER, SOCIAL_INSURANCE, EDUCATION, TAX)
