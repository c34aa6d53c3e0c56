"""Load the tiny model, label with it and close it, again and again; print what that leaves behind.

    python tests/security/leaks.py [--loads 10000]

Prints the resident memory as it goes on, and at the end one line of JSON: how much memory, open
files and threads have grown after the first tenth of the loads, in which pools and caches fill up.
"""

import argparse
import gc
import json
import os
import threading
from pathlib import Path

import stance

FOLDER = Path(__file__).parent.parent / "data" / "format-1"
TEXTS = ["The two powers agreed to trade.", "Sanctions divide the world order.", "Rain."]


def resident_kb():
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loads", type=int, default=10_000)
    loads = parser.parse_args().loads
    settled = files = threads = 0
    for number in range(1, loads + 1):
        with stance.load(FOLDER, threads=2) as model:
            model.predict(TEXTS * 8)
        if number == max(1, loads // 10):
            gc.collect()
            settled, files, threads = resident_kb(), open_files(), threading.active_count()
        if number % max(1, loads // 10) == 0:
            print(f"{number:>6} loads  {resident_kb():>8,} kB", flush=True)
    gc.collect()
    figures = {
        "loads": loads,
        "settled_kb": settled,
        "grown_kb": resident_kb() - settled,
        "open_files": open_files() - files,
        "threads": threading.active_count() - threads,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
