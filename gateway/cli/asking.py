"""Who asks, how and why: the options that every command of an operator or an agency has, stated in this one place.

A command takes a `Caller` or an `Asker` as its first parameter and is decorated with `as_operator`, `as_teller` or
`as_asker`, which give it the options.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.cli.operation import LEGAL_BASIS, PURPOSE, OperatorLegalBasis, OperatorPurpose
from gateway.cli.options import (
    CaseOption,
    FieldsOption,
    IdentityOption,
    LegalBasisOption,
    OfficerOption,
    PurposeOption,
    ReceiptsOption,
    ServerOption,
    TimeoutOption,
    client_of,
    context_of,
    paths_of,
)

if TYPE_CHECKING:
    from gateway.client import Client, Context

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Caller:
    """An operator, or an agency that states something. `why`: purpose, legal basis, case, officer."""

    identity: Path
    server: str
    why: tuple[str, str, str, str]

    def ask(self, question: Callable[[Client, Context], Awaitable[Given]], receipts: Path | None = None) -> Given:
        """The answer to one question, over a connection of its own. `receipts`: keep its receipt there.

        Raises ClientError.
        """

        async def run() -> Given:
            async with client_of(self.identity, self.server, receipts) as client:
                return await question(client, context_of(*self.why))

        return asyncio.run(run())


@dataclass(frozen=True, slots=True)
class Asker:
    """An agency that asks about people. `fields`: paths of Person. `receipts`: the file that keeps them."""

    caller: Caller
    fields: tuple[str, ...]
    receipts: Path | None
    timeout_seconds: float

    def ask(self, question: Callable[[Client, Context], Awaitable[Given]]) -> Given:
        """The answer to one question, over a connection of its own. Raises ClientError."""
        return self.caller.ask(question, self.receipts)


def as_operator(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an operator's options."""
    return _given(command, _operator)


def as_asker(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of who asks about people."""
    return _given(command, _asker)


def as_teller(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of an agency that states something."""
    return _given(command, _teller)


def _operator(
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
) -> Caller:
    return Caller(identity, server, (purpose, legal_basis, case, officer))


def _teller(
    identity: IdentityOption,
    purpose: PurposeOption,
    legal_basis: LegalBasisOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
) -> Caller:
    return Caller(identity, server, (purpose, legal_basis, case, officer))


def _asker(
    identity: IdentityOption,
    fields: FieldsOption,
    purpose: PurposeOption,
    legal_basis: LegalBasisOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    receipts: ReceiptsOption = None,
    timeout: TimeoutOption = 10.0,
) -> Asker:
    caller = Caller(identity, server, (purpose, legal_basis, case, officer))
    return Asker(caller, paths_of(fields), receipts, timeout)


def _given(command: Callable[..., None], make: Callable[..., Any]) -> Callable[..., None]:
    """The command with the parameters of `make` in place of its first one, as typer reads them."""
    made = inspect.signature(make, eval_str=True).parameters
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *made.values())]

    def run(**values: Any) -> None:
        command(make(**{name: values.pop(name) for name in made}), **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run
