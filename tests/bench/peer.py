"""The peer: the service that an experienced team would otherwise write in a week, tuned, for the same questions.

FastAPI on uvicorn (uvloop, httptools), a process a worker on one port, mutual TLS; SQLAlchemy Core on the same
registry file, read in the loop on a held connection; a JWT (ES256) verified once and remembered until it expires;
an audit row committed with `synchronous=FULL` before each answer, in a file of its own for each worker. The rows
of calls that wait together share a commit (`group`), or each has its own (`each`): both are measured. Left out,
because a week is short: grants by field and province, revocation, receipts, a log that shows tampering, encrypted
details, refusals in the log, metrics, fairness.
"""

import asyncio
import gc
import json
import socket
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import jwt
import orjson
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, Field
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, bindparam, create_engine, event, insert, select

from registry.datasets import UnitVersion
from registry.tables import person
from registry.units import Units

ISSUER, AUDIENCE = "peer.example", "peer.example"
LOOK_UP, BATCH_LOOK_UP = "/v1/people/look-up", "/v1/people/batch-look-up"
TOKENS_REMEMBERED_MAX = 1024
BATCH_PEOPLE_MAX = 1000
_FIELDS = {
    "number": ("number",),
    "name": ("surname", "middle_name", "given_name"),
    "birth_date": ("birth_year", "birth_month", "birth_day"),
    "sex": ("sex",),
    "permanent_residence": ("permanent_commune", "permanent_line", "permanent_since"),
    "household_number": ("household_number",),
}
_COLUMNS = [name for names in _FIELDS.values() for name in names]


class Question(BaseModel):
    """What every request states."""

    purpose: str = Field(min_length=1, max_length=64)
    legal_basis: str = Field(min_length=1, max_length=64)
    case_reference: str = Field(min_length=1, max_length=64)
    officer: str = Field(min_length=1, max_length=64)
    fields: list[str] = Field(min_length=1, max_length=16)


class LookUp(Question):
    """One person."""

    number: str = Field(pattern=r"^0[0-9]{11}$")


class BatchLookUp(Question):
    """Many people."""

    numbers: list[Annotated[str, Field(pattern=r"^0[0-9]{11}$")]] = Field(min_length=1, max_length=BATCH_PEOPLE_MAX)


_metadata = MetaData()
_audit = Table(
    "audit",
    _metadata,
    Column("id", Integer, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("made_at", "agency", "method", "purpose", "legal_basis")),
    *(Column(name, Text, nullable=False) for name in ("case_reference", "officer", "fields", "numbers", "digests")),
)


class Auditor:
    """Commits rows before answers."""

    def __init__(self, path: Path, group: bool) -> None:
        self._group = group
        self._waiting: list[tuple[dict[str, str], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

        _metadata.create_all(engine)
        self._connection = engine.connect()
        self._statement = insert(_audit)

    async def record(self, row: dict[str, str]) -> None:
        """Returns when the row is durable."""
        if not self._group:
            self._commit([row])
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            await asyncio.to_thread(self._commit, [row for row, _ in waiting])
            for _, done in waiting:
                done.set_result(None)
        self._writing = None

    def _commit(self, rows: list[dict[str, str]]) -> None:
        self._connection.execute(self._statement, rows)
        self._connection.commit()


def open_registry(path: Path) -> Engine:
    """The same file as the gateway reads, with the same settings."""
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA mmap_size = 2000000000")
        connection.execute("PRAGMA cache_size = -65536")

    return engine


class Registry:
    """Reads people."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        columns = [person.c[name] for name in _COLUMNS]
        self._one = select(*columns).where(person.c.number == bindparam("number"))
        self._many = select(*columns).where(person.c.number.in_(bindparam("numbers", expanding=True)))
        self._units = Units.from_engine(engine)
        self._places: dict[str, str] = {}

    def one(self, number: str) -> Any:
        """The row of a person, or None."""
        return self._connection.execute(self._one, {"number": number}).first()

    def many(self, numbers: list[str]) -> dict[str, Any]:
        """Rows by number."""
        rows = self._connection.execute(self._many, {"numbers": numbers}).all()
        return {row[0]: row for row in rows}

    def as_json(self, row: Any, fields: list[str]) -> dict[str, Any]:
        """The fields asked for."""
        number, surname, middle, given, year, month, day, sex, commune, line, since, household = row
        everything: dict[str, Any] = {
            "number": number,
            "name": {"surname": surname, "middle_name": middle, "given_name": given},
            "birth_date": f"{year:04}-{month:02}-{day:02}",
            "sex": sex,
            "permanent_residence": {
                "commune_code": commune,
                "line": line,
                "text": f"{line}, {self._place(commune)}" if commune else line,
                "since": since,
            },
            "household_number": household,
        }
        return {name: everything[name] for name in fields}

    def _place(self, commune: str) -> str:
        if commune not in self._places:
            self._places[commune] = self._units.line(UnitVersion.SINCE_2025_07_01, commune)
        return self._places[commune]


def make_app(registry: Registry, auditor: Auditor, public_key: str) -> FastAPI:
    """The routes."""
    app = FastAPI(openapi_url=None)
    tokens: dict[str, dict[str, Any]] = {}

    async def caller(authorization: Annotated[str, Header()]) -> dict[str, Any]:
        token = authorization.removeprefix("Bearer ")
        claims = tokens.get(token)
        if claims is None:
            try:
                claims = jwt.decode(token, public_key, algorithms=["ES256"], issuer=ISSUER, audience=AUDIENCE)
            except jwt.InvalidTokenError:
                raise HTTPException(401) from None
            if len(tokens) >= TOKENS_REMEMBERED_MAX:
                tokens.clear()
            tokens[token] = claims
        if claims["exp"] <= time.time():
            raise HTTPException(401)
        return claims

    def check(claims: dict[str, Any], question: Question) -> None:
        if question.purpose not in claims["purposes"] or not set(question.fields) <= set(claims["fields"]):
            raise HTTPException(403)

    async def answer(
        claims: dict[str, Any], question: Question, method: str, numbers: list[str], found: Any
    ) -> Response:
        body = orjson.dumps(found)
        digests = sha256(question.model_dump_json().encode()).hexdigest() + sha256(body).hexdigest()
        await auditor.record(
            {
                "made_at": str(time.time()),
                "agency": claims["sub"],
                "method": method,
                "purpose": question.purpose,
                "legal_basis": question.legal_basis,
                "case_reference": question.case_reference,
                "officer": question.officer,
                "fields": ",".join(question.fields),
                "numbers": ",".join(numbers),
                "digests": digests,
            }
        )
        return Response(body, media_type="application/json")

    @app.post(LOOK_UP)
    async def look_up(question: LookUp, claims: Annotated[dict[str, Any], Depends(caller)]) -> Response:
        check(claims, question)
        row = registry.one(question.number)
        if row is None:
            raise HTTPException(404)
        return await answer(claims, question, "look-up", [question.number], registry.as_json(row, question.fields))

    @app.post(BATCH_LOOK_UP)
    async def batch_look_up(question: BatchLookUp, claims: Annotated[dict[str, Any], Depends(caller)]) -> Response:
        check(claims, question)
        rows = registry.many(question.numbers)
        people = [
            registry.as_json(rows[number], question.fields) if number in rows else None for number in question.numbers
        ]
        return await answer(claims, question, "batch-look-up", question.numbers, people)

    return app


class _Server(uvicorn.Server):
    """Says when it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets=sockets)
        print("{}", flush=True)


async def _serve(order: dict[str, Any]) -> None:
    """Serve until standard input ends."""
    state = Path(order["state"])
    app = make_app(
        Registry(open_registry((state / "registry.db").absolute())),
        Auditor(Path(order["audit"]), order["commit"] == "group"),
        order["public_key"],
    )
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", order["port"]))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        ssl_keyfile=str(state / "tls" / "server.pem"),
        ssl_certfile=str(state / "tls" / "server.pem"),
        ssl_ca_certs=str(state / "ca" / "root.pem"),
        ssl_cert_reqs=2,
    )
    server = _Server(config)
    # As the gateway's own serving processes do.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


def main() -> None:
    """The first line of standard input says `port`, `state`, `audit` (a new file), `commit` and `public_key`."""
    import uvloop

    uvloop.run(_serve(json.loads(sys.stdin.readline())))


if __name__ == "__main__":
    main()
