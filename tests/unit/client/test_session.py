"""What importing the client brings along."""

import subprocess
import sys

import gateway.client


def test_importing_the_client_loads_neither_sql_nor_the_registry() -> None:
    program = "import sys, gateway.client, gateway.client.enrol, gateway.client.doctor; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"sqlalchemy", "alembic", "psycopg", "numpy", "registry", "typer", "pydantic"}
    assert not heavy & set(loaded)


def test_every_public_name_exists() -> None:
    assert all(hasattr(gateway.client, name) for name in gateway.client.__all__)
