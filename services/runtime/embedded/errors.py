"""
What can go wrong with embedded servers.

::

    EmbeddedServerError
    ├── EngineMissing       no binary on this machine
    ├── HomeInUse           another process runs the servers of this home
    ├── HomeUnusable        the folder cannot be used by the account that runs the servers
    └── ServerDidNotStart   a server ended, or did not answer in time
"""


class EmbeddedServerError(Exception):
    """An embedded server cannot be run; the message says why and what to do."""


class EngineMissing(EmbeddedServerError):
    """No binary of this engine was found on the machine."""


class HomeInUse(EmbeddedServerError):
    """Another live process holds the home folder."""


class HomeUnusable(EmbeddedServerError):
    """The home folder cannot hold the data of servers run by this account."""


class ServerDidNotStart(EmbeddedServerError):
    """The server ended or stayed silent; the message holds the end of its log."""
