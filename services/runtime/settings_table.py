"""
The settings of a service as a Markdown table.

`python -m services.runtime.settings_table services.flags.settings:FlagsSettings > docs/settings.md`
"""

import importlib
import sys

from pydantic_settings import BaseSettings

_HEAD = """\
# Settings

Environment variables, read once at start. `services/runtime/settings_table.py` makes this page from the code.
OpenTelemetry is set by its standard variables: traces and metrics are exported when `OTEL_EXPORTER_OTLP_ENDPOINT` is
set; `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` choose which calls are traced (unset: 1 % of those whose caller
has not decided it).
"""


def settings_page(settings: type[BaseSettings]) -> str:
    """Return the whole page: one row a setting, in the order of the code, those of all services first."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field in settings.model_fields.values():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{field.validation_alias}` | {default} | {field.description} |")
    return f"{_HEAD}\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    sys.stdout.write(settings_page(getattr(importlib.import_module(module), name)))
