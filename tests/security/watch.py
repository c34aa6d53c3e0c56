"""What an attack did, as Python's audit events tell: what it ran, and what it wrote where."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

_RUN = (
    "os.system",
    "subprocess.Popen",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "pickle.find_class",
)
# Their arguments begin with the path, or with source and target, and most end with a dir_fd.
_CHANGES = ("os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown")
_MOVES = ("os.rename", "os.symlink", "os.link")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_OWN = (os.devnull, os.environ["BLOCKED_SOCKETS"])

_watching = []


class Seen:
    """Commands run, and paths written to outside ``allowed``."""

    def __init__(self, allowed):
        self.ran = []
        self.written = []
        self._allowed = allowed

    def note(self, event, arguments):
        if event in _RUN:
            self.ran.append(event)
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
            self._note_path(arguments[0])
        elif event in _CHANGES or event in _MOVES:
            self._note_path(arguments[event in _MOVES], arguments[-1])

    def _note_path(self, path, folder=-1):
        if isinstance(path, int):
            return
        # Where a path is relative to an open folder, Linux knows which.
        above = Path(f"/proc/self/fd/{folder}").readlink() if folder >= 0 else Path.cwd()
        found = above / os.fsdecode(path)
        # Python keeps what it compiles; and what the blocked sockets note is this suite's own.
        own = "__pycache__" in found.parts or str(found) in _OWN
        if not own and self._allowed not in (found, *found.parents):
            self.written.append(str(found))


def _hook(event, arguments):
    for seen in _watching:
        seen.note(event, arguments)


sys.addaudithook(_hook)


@contextmanager
def watched(allowed):
    seen = Seen(allowed)
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


def snapshot(folder, *, but):
    """Return size, time and target of everything in a folder, for what native code writes."""
    found = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(parent, name) != but]
        for file in (Path(parent, name) for name in files):
            status = file.lstat()
            found[str(file)] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found
