"""Reads compiled contracts from standard input, and writes the document to standard output."""

import json
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from services.gateway.describing.operations import whole_document


def main() -> None:
    """Write the document."""
    edge = json.loads(Path(__file__).with_name("edge.json").read_text(encoding="utf-8"))
    contracts = FileDescriptorSet.FromString(sys.stdin.buffer.read())
    if not contracts.file:
        sys.exit("no contracts on standard input")
    sys.stdout.write(json.dumps(whole_document(edge, contracts), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
