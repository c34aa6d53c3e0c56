"""Pieces of work for processes of their own, which import them from here."""

import os
import signal
import time
from pathlib import Path

from stance.errors import InputError


class UnsendableError(Exception):
    """Cannot be made again from its text, as a process that is sent it would have to."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def note(folder, number, tell):
    import torch

    print("this must not be taken for an event")
    tell(0.5)
    # Long enough that the other process is ready to take its share.
    time.sleep(1)
    Path(folder, str(number)).write_text(f"{os.getpid()} {torch.get_num_threads()}")


def fail(number, tell):
    if number == 1:
        raise InputError("row 7 has no text")
    if number == 2:
        raise UnsendableError("one", "two")
    os.kill(os.getpid(), signal.SIGTERM)


def wait(folder, number, tell):
    Path(folder, str(number)).write_text(str(os.getpid()))
    time.sleep(600)
