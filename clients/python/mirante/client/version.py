"""How this library names itself to the service."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("mirante")
    except PackageNotFoundError:  # run from a source tree
        return "0"


CLIENT_VERSION = f"mirante-python/{_installed()}"
