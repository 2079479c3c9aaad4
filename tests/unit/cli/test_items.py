"""People to push, from CSV and JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.api.v1 import person_pb2
from gateway.cli.items import BYTES_MAX, ITEMS_MAX, ItemsUnreadable, batches, columns_of, read_items
from gateway.client import PushItem

NUMBER = "001090000001"


def write(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_of_a_csv_file_are_the_fields_to_write(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "\ufeffreference,number,social_insurance.status,social_insurance.code\n")
    assert columns_of(path) == ("social_insurance.status", "social_insurance.code")


def test_csv_rows_become_people(tmp_path: Path) -> None:
    text = f"reference,number,social_insurance.status,social_insurance.code\nx,{NUMBER},pension,\n,{NUMBER},,1\n"
    first, second = read_items(write(tmp_path, "a.CSV", text))
    assert first.reference == "x"
    assert first.person.social_insurance.status == person_pb2.INSURANCE_STATUS_PENSION
    assert not first.person.social_insurance.HasField("code")
    assert second.reference == "line 3"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheets_own_delimiter_is_taken(tmp_path: Path, delimiter: str) -> None:
    lines = (("number", "social_insurance.status"), (NUMBER, "pension"))
    path = write(tmp_path, "a.csv", "\ufeff" + "\n".join(map(delimiter.join, lines)))
    assert columns_of(path) == ("social_insurance.status",)
    (item,) = read_items(path)
    assert item.person.social_insurance.status == person_pb2.INSURANCE_STATUS_PENSION


def test_json_lines_take_nested_and_dotted_fields(tmp_path: Path) -> None:
    text = (
        f'{{"number":"{NUMBER}","social_insurance":{{"status":"INSURANCE_STATUS_ENDED"}}}}\n\n'
        f'{{"number":"{NUMBER}","social_insurance.code":"0123456789","reference":7}}\n'
    )
    first, second = read_items(write(tmp_path, "a.jsonl", text))
    assert (first.reference, first.person.social_insurance.status) == ("line 1", 4)
    assert (second.reference, second.person.social_insurance.code) == ("7", "0123456789")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"social_insurance.code": "1"}', "`number` is missing"),
        (f'{{"number": "{NUMBER}", "shoe_size": 43}}', "no field `shoe_size`"),
        (f'{{"number": "{NUMBER}", "social_insurance.status": "SECRETVALUE"}}', "`status` is not one of participating"),
        (f'{{"number": "{NUMBER}", "social_insurance": "SECRETVALUE"}}', "does not fit"),
    ],
)
def test_unreadable_line_is_named_without_its_values(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ItemsUnreadable) as caught:
        list(read_items(write(tmp_path, "a.jsonl", text)))
    assert "line 1" in str(caught.value)
    assert told in str(caught.value)
    assert "SECRETVALUE" not in str(caught.value)
    assert NUMBER not in str(caught.value)


def test_row_longer_than_the_heading_is_named(tmp_path: Path) -> None:
    with pytest.raises(ItemsUnreadable, match="line 2: more cells"):
        list(read_items(write(tmp_path, "a.csv", f"number\n{NUMBER},1\n")))


def test_batches_keep_to_both_bounds() -> None:
    small = [PushItem(str(at), person_pb2.Person(number=NUMBER)) for at in range(2 * ITEMS_MAX + 1)]
    assert [len(batch) for batch in batches(small)] == [ITEMS_MAX, ITEMS_MAX, 1]
    large = [PushItem(str(at), person_pb2.Person(household_number="x" * (BYTES_MAX // 2))) for at in range(3)]
    assert [len(batch) for batch in batches(large)] == [1, 1, 1]
    assert list(batches([])) == []


def test_what_stands_before_an_unreadable_line_is_batched_first(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", f"number,social_insurance.code\n{NUMBER},1\n{NUMBER},2\n123,3\n")
    given = batches(read_items(path))
    assert [item.person.social_insurance.code for item in next(given)] == ["1", "2"]
    with pytest.raises(ItemsUnreadable, match="line 4: `number` is not 12 digits"):
        next(given)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_file_that_is_not_text_is_said_to_be(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xd8\x00\xff")
    with pytest.raises(ItemsUnreadable, match="not text in UTF-8"):
        list(read_items(path))
