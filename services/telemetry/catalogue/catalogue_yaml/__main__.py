"""Reads a document from standard input, for a service that must not be held up by it."""

import sys

from services.runtime.yaml_documents.aside import read_standard_input
from services.telemetry.catalogue.catalogue_yaml.reading import read_catalogue

if __name__ == "__main__":
    sys.exit(read_standard_input(lambda text: read_catalogue(text).SerializeToString()))
