"""Sockets to anywhere but this machine fail, here and in the Python processes started from here.

Each attempt is noted in the file that ``BLOCKED_SOCKETS`` names: one line, ``event host``.
"""

import os
import sys
from pathlib import Path

VARIABLE = "BLOCKED_SOCKETS"
_HOST_FIRST = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_ADDRESS_SECOND = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOCAL = ("", "localhost", "::1", "0.0.0.0", "::", "None")


class NetworkBlockedError(OSError):
    """What a machine without a network would say."""


def _host(event, arguments):
    if event in _HOST_FIRST:
        return str(arguments[0])
    address = arguments[1]
    # The addresses of Unix sockets are names of files.
    return str(address[0]) if isinstance(address, tuple) else ""


def _hook(event, arguments):
    if event not in _HOST_FIRST and event not in _ADDRESS_SECOND:
        return
    host = _host(event, arguments)
    if host in _LOCAL or host.startswith("127."):
        return
    with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as log:
        log.write(f"{event} {host}\n")
    raise NetworkBlockedError(f"the network is blocked: {event} {host}")


def install():
    sys.addaudithook(_hook)


def attempts():
    """Return all attempts so far."""
    return Path(os.environ[VARIABLE]).read_text(encoding="utf-8").splitlines()
