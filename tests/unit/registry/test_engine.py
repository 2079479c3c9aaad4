"""Addresses are understood or refused, and drivers' errors are translated without their text."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from registry.engine import is_sqlite, open_engine, registry_url, store_error
from registry.errors import Inconsistent, RegistryError, StoreUnavailable


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_the_usual_spellings_of_postgresql_are_understood(scheme: str) -> None:
    engine = open_engine(f"{scheme}://reader@db.example/registry")
    assert not is_sqlite(engine)
    assert engine.url.database == "registry"


@pytest.mark.parametrize("address", ["mysql://db.example/registry", "sqlite://", "http://x/"])
def test_another_database_is_refused(address: str) -> None:
    with pytest.raises(RegistryError, match="file path or start with postgresql"):
        open_engine(address)


def test_a_password_is_not_repeated_by_an_address_error() -> None:
    with pytest.raises(RegistryError) as error:
        open_engine("postgresql://u:secret@host:port/x")
    assert "secret" not in str(error.value)


def test_a_state_directory_holds_an_sqlite_file() -> None:
    assert registry_url("state") == "state/registry.db"


def test_driver_text_is_kept_out_of_errors() -> None:
    row = "Key (number)=(001085000001) already exists"
    wrapped = OperationalError("SELECT 001085000001", {}, sqlite3.OperationalError(row))
    for driver_error in (sqlite3.IntegrityError(row), psycopg.OperationalError(row), wrapped):
        assert "001085000001" not in str(store_error(driver_error))


def test_broken_rules_and_broken_databases_are_told_apart() -> None:
    assert isinstance(store_error(psycopg.errors.UniqueViolation()), Inconsistent)
    assert str(store_error(psycopg.errors.UniqueViolation())).count("23505") == 1
    assert isinstance(store_error(psycopg.errors.DiskFull()), StoreUnavailable)
