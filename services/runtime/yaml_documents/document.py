"""A whole document, of bounded size."""

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import InvalidRequest
from services.runtime.yaml_documents.nodes import InvalidYaml, Node, read_nodes

_MEBIBYTE = 1024 * 1024


def require_size(text: str, mebibytes: int) -> None:
    """Raise `InvalidRequest` for a document that is too large to be looked at."""
    most = mebibytes * _MEBIBYTE
    if len(text) > most or len(text.encode(errors="surrogatepass")) > most:
        raise InvalidRequest.of("yaml", f"may have {mebibytes} MiB at most")


def read_document(text: str, mebibytes: int) -> Node:
    """
    Return the root of a document.

    Raises:
        InvalidRequest: INVALID_REQUEST for a document that is too large, INVALID_YAML with line and column for one that
            is not YAML.
    """
    require_size(text, mebibytes)
    try:
        return read_nodes(text)
    except InvalidYaml as error:
        raise InvalidRequest.of("yaml", str(error), reason=reasons.ERROR_REASON_INVALID_YAML) from None
