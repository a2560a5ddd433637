"""YAML that people write: read with the place of everything that is wrong, written so that it reads back the same."""
