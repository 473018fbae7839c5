"""Load by wrk, from one thread, over connections that are kept."""

import dataclasses
import os
import re
import subprocess

from .processes import Trouble, found

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Load:
    """What wrk counted: answers a second, milliseconds, and what was answered otherwise than it must be."""

    rate: float
    p50: float
    p99: float
    highest: float
    answers: int
    wrong: int
    said: str


def load(url, connections, seconds, script, **settings):
    """Runs one of the scripts beside this file; `settings` reach it as variables in capitals."""
    command = [found("wrk", "wrk"), "--threads", "1", "--connections", str(connections),
               "--duration", f"{seconds}s", "--timeout", "10s", "--script", os.path.join(SCRIPTS, script), url]
    environment = {"PATH": os.environ["PATH"], **{name.upper(): str(value) for name, value in settings.items()}}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 60)
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"wrk did not end within {seconds + 60} s: {url}") from error
    told = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if done.returncode or not told:
        raise Trouble(f"wrk: {(done.stderr or done.stdout).strip()[-1000:]}")
    fields = {name: float(value) for name, value in re.findall(r"(\w+)=([-\d.]+)", told.group(1))}
    counted = Load(rate=fields["rate"], p50=fields["p50"], p99=fields["p99"], highest=fields["max"],
                   answers=int(fields["answers"]), wrong=int(fields["wrong"]), said=done.stderr.strip())
    if counted.answers == 0 and counted.wrong == 0:
        counted.wrong, counted.said = 1, f"nothing was answered within {seconds} s"
    return counted
