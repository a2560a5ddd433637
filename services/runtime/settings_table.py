"""
The settings of all processes as one Markdown page: `make docs`.

Arguments are `module:Class`, one for each process.
"""

import importlib
import sys
from collections.abc import Sequence

from pydantic_settings import BaseSettings

_HEAD = """\
# Settings

Environment variables, read once at start. `make docs` makes this page from the code.
OpenTelemetry is set by its standard variables: traces and metrics are exported when `OTEL_EXPORTER_OTLP_ENDPOINT` is
set; `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` choose which calls are traced (unset: 1 % of those whose caller
has not decided it).
"""


def settings_page(processes: Sequence[type[BaseSettings]]) -> str:
    """Return the whole page: one row a setting, in the order of the code; a variable that several read has one row."""
    rows: dict[str, str] = {}
    for settings in processes:
        for field in settings.model_fields.values():
            variable = str(field.validation_alias)
            default = "" if field.default is None else f"`{field.default}`"
            rows.setdefault(variable, f"| `{variable}` | {default} | {field.description} |")
    table = ["| variable | default | meaning |", "|---|---|---|", *rows.values()]
    return f"{_HEAD}\n" + "\n".join(table) + "\n"


def settings_of(names: Sequence[str]) -> list[type[BaseSettings]]:
    """Return the classes called `module:Class`."""
    parts = [name.partition(":") for name in names]
    return [getattr(importlib.import_module(module), cls) for module, _, cls in parts]


if __name__ == "__main__":
    sys.stdout.write(settings_page(settings_of(sys.argv[1:])))
