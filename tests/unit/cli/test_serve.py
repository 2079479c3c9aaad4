"""The help of `popgate serve` tells the truth about defaults."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

from gateway.cli.serve import serve
from gateway.config import Settings


def test_defaults_shown_are_those_of_the_settings() -> None:
    hints = get_type_hints(serve, include_extras=True)
    for name in inspect.signature(serve).parameters:
        default = Settings.model_fields[name].default
        option: Any = hints[name].__metadata__[0]
        assert option.show_default == ("SQLite" if default is None else str(default)), name


async def test_bad_setting_is_wrong_usage(run: Any) -> None:
    ran = await run("serve", "--workers", "0")
    assert ran.code == 2
    assert "workers" in ran.err
