"""Python runs this at its start where ``tests/offline`` is on its path: no network there."""

import os

import blocked_sockets

if blocked_sockets.VARIABLE in os.environ:
    blocked_sockets.install()
