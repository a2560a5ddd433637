"""Arguments of the commands about experiments, and designs in files."""

from pathlib import Path
from typing import Annotated, Final

import typer
from google.protobuf.json_format import ParseDict, ParseError
from mirante.api.metrics.v1 import experiment_pb2 as model
from mirante.api.metrics.v1 import experiment_service_pb2 as pb2
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.cli.documents import read_document
from services.cli.refusals import usage
from services.cli.session import Session

ExperimentKey = Annotated[str, typer.Argument(help="Key of the experiment.", show_default=False)]
DesignFile = Annotated[Path, typer.Argument(help="The design as YAML; - for stdin.", show_default=False)]

SECONDS: Final = 120.0
"""For what looks at all events of weeks."""


def read_design(file: Path) -> model.Experiment:
    """
    Return the design in a file: the fields of `Experiment`, in either spelling; lengths such as 7d are written 604800s.

    Raises:
        Refusal: the file cannot be read, or is no design.
    """
    try:
        document = YAML(typ="safe", pure=True).load(read_document(file))
    except YAMLError as error:
        raise usage(f"{file} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise usage(f"{file} is no design: it has to be a map, such as key: cta_nova_venda")
    try:
        return ParseDict(document, model.Experiment())
    except ParseError as error:
        raise usage(f"{file}: {error}") from None


def read_experiment(session: Session, key: str) -> model.ExperimentRecord:
    """Return an experiment; raise Refusal."""
    request = pb2.GetExperimentRequest(environment=session.environment, experiment_key=key)
    return session.call(session.experiments.GetExperiment, request).record
