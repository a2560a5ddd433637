"""Reads a document from standard input, for a service that must not be held up by it."""

import sys

from services.flags.flags_yaml.aside import serialised
from services.runtime.yaml_documents.aside import read_standard_input

if __name__ == "__main__":
    sys.exit(read_standard_input(serialised))
