#!/usr/bin/env python3
"""Whether hundreds of connections that come and never end keep others out: slow heads, slow bodies, slow reading.

While slowhttptest holds them, somebody else asks for a page and sends a form each half second; each must be answered
within a few seconds, and slowhttptest must never find the program away.
"""

import re
import subprocess
import sys
import tempfile
import threading
import time

from program import Browser, Program

CONNECTIONS, SECONDS, RATE = "300", "25", "100"
# How long somebody else may wait for an answer.
LONGEST = 5.0
# What each is called, what it is asked with, and what of.
ATTACKS = [
    ("slow heads", ["-H", "-i", "5", "-x", "24"], "/"),
    ("slow bodies", ["-B", "-i", "5", "-s", "8192", "-x", "10", "-f", "application/x-www-form-urlencoded"], "/newsletters"),
    ("slow reading", ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"], "FILE"),
]


class Somebody(threading.Thread):
    """Who asks meanwhile, until told to stop."""

    def __init__(self, program):
        super().__init__()
        self.program, self.over, self.waited, self.failed = program, threading.Event(), [], []

    def run(self):
        number = 0
        while not self.over.wait(0.5):
            number += 1
            for what in (lambda: Browser(self.program).get("/reports/councils"),
                         lambda: Browser(self.program).ask(f"reader{number}@example.com")):
                begun = time.monotonic()
                try:
                    status = what().status
                except (OSError, SystemExit) as error:
                    status = str(error)
                self.waited.append(time.monotonic() - begun)
                if status not in (200, 303):
                    self.failed.append(f"answered {status}")


def attack(program, arguments, path, directory):
    """What slowhttptest says of the program, line by line."""
    command = ["slowhttptest", *arguments, "-c", CONNECTIONS, "-r", RATE, "-l", SECONDS, "-p", "3", "-u", program.base_url + path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=directory, timeout=int(SECONDS) + 60)
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", done.stdout + done.stderr)


def main():
    failed = []
    with Program() as program, tempfile.TemporaryDirectory() as directory:
        Browser(program).subscribe("ada@example.com")
        file = program.link("ada@example.com", "downloads") + "/file"
        for name, arguments, path in ATTACKS:
            somebody = Somebody(program)
            somebody.start()
            said = attack(program, arguments, path.replace("FILE", file), directory)
            somebody.over.set()
            somebody.join()
            seen = re.findall(r"service available:\s*(YES|NO)", said)
            most = re.findall(r"connected:\s*(\d+)", said)
            print(f"{name}: {max(map(int, most), default=0)} connections at once, available {seen.count('YES')} of {len(seen)}, "
                  f"others waited at most {max(somebody.waited):.2f} s of {len(somebody.waited)} times")
            if not seen or "NO" in seen:
                failed.append(f"{name}: slowhttptest found it away\n{said[-2000:]}")
            if somebody.failed or max(somebody.waited) > LONGEST:
                failed.append(f"{name}: others waited up to {max(somebody.waited):.2f} s; {somebody.failed[:5]}")
        failed += program.errors()
    print("\n".join(failed))
    sys.exit(f"slowhttptest: {len(failed)} failed" if failed else 0)


if __name__ == "__main__":
    main()
