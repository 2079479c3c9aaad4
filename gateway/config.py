"""The settings of a gateway, from `popgate.toml`, the environment or the command line, and its fixed bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

# Bounds that are not settings, in one block.
WORKERS_MAX = 64
GRPC_MESSAGE_BYTES_MAX = 4 << 20
"""Above this gRPC itself refuses; between our own limit of 1 MiB and this the refusal has its reason."""
ANSWER_BYTES_MAX = GRPC_MESSAGE_BYTES_MAX - (8 << 10)
"""Leaves room for the receipt: beyond it gRPC would refuse to send what the log already says was answered."""
STREAMS_PER_CONNECTION_MAX = 256
"""Further calls of a connection wait with the caller, before they cost anything here."""
ENROLMENT_BYTES_MAX = 32 << 10
"""A certificate signing request and a code; larger messages gRPC itself refuses."""
ENROLMENTS_PER_CONNECTION_MAX = 16
BATCHES_PER_STREAM_AT_ONCE = 2
"""Messages of one stream at work or answered and not taken yet; more are not read."""
STREAM_SECONDS_MAX = 50.0
"""Shorter than CONNECTION_GRACE_MS, so that no stream is cut with its connection."""
STREAM_TAKEN_SECONDS_MAX = 5.0
"""So long a stream whose time is over waits for its caller to take an answer that is ready."""
METADATA_BYTES_MAX = 16 << 10
CONNECTION_AGE_MS_MAX = 15 * 60 * 1000
CONNECTION_GRACE_MS = 60 * 1000
DRAIN_SECONDS_MAX = 10.0
PEOPLE_PER_MESSAGE_MAX = 1000
RELATED_ROWS_MAX = 64
"""Rows of one related dataset in an answer about one person."""
PEOPLE_PER_RELATED_PAGE_MAX = 31
"""People on a page whose answers name others too: each may bring 128 more, and an entry holds 4,087 tags."""
PEOPLE_PER_SLICE_MAX = 128
"""People worked on between two awaits, so that one caller's thousand does not hold another's one."""
CHARACTERS_PER_SLICE_MAX = 16 << 10
"""Characters stated of such people after which there is another await: usual ones state fewer."""
PEOPLE_PER_SLICE_IN_COMPANY = 96
"""The same where small calls came a moment ago."""
READY_PEOPLE_PER_SLICE_MAX = 512
"""The same of people who are ready in a pack, of whom four take as long."""
READY_PEOPLE_PER_SLICE_IN_COMPANY = 384
PEOPLE_PER_QUERY_MAX = 512
"""People asked about in one query where the database works beside the loop: each query has a price of its own."""
CALLS_PER_WORKER_MAX = 4096

Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseSettings):
    """A gateway's settings, as docs/configuration.md lists them. Secrets are files, never values.

    An unknown key of `popgate.toml` is refused; an unknown variable is not, since the command line has its own.
    """

    model_config = SettingsConfigDict(env_prefix="POPGATE_", extra="forbid", frozen=True)

    state: Path = Path("var/popgate")
    """Directory that holds keys, agencies, the log and, on SQLite, the registry."""
    database: str | None = None
    """`postgresql://...` of the registry. None: SQLite, `registry.db` in the state directory."""
    host: str = "127.0.0.1"
    """Address of all listeners."""
    port: Port = 8443
    """Agencies' port, mutual TLS."""
    enrolment_port: Port = 8444
    """Enrolment port, server TLS."""
    http_port: Port = 9464
    """Port of /metrics and /healthz, plain HTTP: keep it off public networks."""
    workers: Annotated[int, Field(ge=1, le=WORKERS_MAX)] = 2
    """Gateway workers."""
    names: Annotated[tuple[str, ...], Field(min_length=1)] = ("localhost", "127.0.0.1")
    """DNS names and addresses in the server's certificate."""
    trust_domain: Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,128}$")] = "popgate.example"
    """SPIFFE trust domain of the agencies' certificates."""
    origin: Annotated[str, Field(pattern=r"^[a-z0-9./-]{1,128}$")] = "audit.popgate.example/2026"
    """Name of the audit log."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line wins over the environment, the environment over `popgate.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path("popgate.toml"))

    @property
    def registry(self) -> str:
        """Address or path of the registry's database."""
        return self.database or str(self.state / "registry.db")

    @property
    def keys(self) -> Path:
        """Directory of the gateway's keys, but those of its authority."""
        return self.state / "keys"

    @property
    def pack(self) -> Path:
        """The pack of the registry, on this host."""
        return self.state / "registry.pack"

    @property
    def run(self) -> Path:
        """Directory of sockets and counters."""
        return self.state / "run"
