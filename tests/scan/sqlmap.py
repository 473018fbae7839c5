#!/usr/bin/env python3
"""Whether sqlmap finds a way into the database: by forms, by links of readers, by the console's filters, by the API.

sqlmap.py [sqlite|postgres]: on both without it. It is shown first that it finds one where there is one. Fails where a
field is injectable, where a request was not tried to its end, where the session ended on the way, and where the
program logs an error.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

import injectable
import postgres
from program import Browser, Program

# For one request.
SECONDS = 200
# All techniques, each with the shortest list of tries but one.
HOW = ["--batch", "--level=2", "--risk=1", "--technique=BEUST", "--time-sec=2", "--threads=4", "--timeout=20", "--retries=1"]
# What the program refuses with; anything else it would tell.
REFUSALS = "400,401,403,404,405,406,409,410,413,414,415,416,421,422,429"
# A password and a code that are wrong.
WRONG_ON_PURPOSE = ("/console/sign-in", "/check-your-inbox/code")
FOUND = "identified the following injection point"
NONE = "all tested parameters do not appear to be injectable"
# Of the request that each of its tries is made from.
HEAD = "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n\r\n{body}"


def requests(program):
    """Every kind of door, with the fields that are tried there; and whose session it is."""
    reader, staff = Browser(program), Browser(program)
    # A second version, for there is something to compare then.
    program.publish("2026-12")
    for name in ("ada", "ben", "cleo"):
        reader.subscribe(f"{name}@example.com", policy="2026-12")
    staff.sign_in()
    bearer, cookie = f"Authorization: Bearer {staff.token()}", f"Cookie: {staff.cookie()}"
    choices = program.link("ada@example.com", "preferences")
    page = reader.get(choices)
    form = {"email": "dan@example.com", "name": "Dan", "organisation": "A council", "job_title": "Clerk", "consent": "yes",
            "policy": "2026-12", "newsletter": "weekly", "website": ""}
    saved = {"seen": page.hidden("seen"), "policy": "2026-12", "purpose": "privacy-policy", "name": "Ada"}
    person = re.search(r"/console/subscribers/([0-9a-f-]{36})", staff.get("/console/subscribers").text()).group(1)
    filters = "q=ada&purpose=newsletter%3Aweekly&state=given&report=councils&policy=2026-12&since=2026-01-01&until=2036-01-01"
    asked = [
        ("POST", "/reports/councils*", [], form | {"purpose": "partner-offers"}), ("POST", "/newsletters", [], form),
        ("POST", "/check-your-inbox/code", [f"Cookie: {reader.cookie()}"], {"code": "123456"}),
        ("POST", "/preferences", [], {"email": "ada@example.com"}),
        ("POST", "/complaints", [], {"email": "ada@example.com", "name": "Ada", "words": "You still write to me."}), ("POST", choices, [], saved),
        ("GET", f"{choices}*", [], None), ("GET", program.link("ada@example.com", "downloads") + "*", [], None),
        ("GET", "/policies/privacy/2026-11*", [], None), ("GET", "/policies/privacy/2026-12/changes?since=2026-11", [], None),
        ("POST", "/console/sign-in", [], {"email": "admin@press.example", "password": "wrong"}),
        ("GET", f"/console/subscribers?{filters}&suppressed=no", [cookie], None),
        ("GET", f"/console/subscribers/{person}*", [cookie], None),
        ("GET", "/console/audit?actor=command-line&action=export&from=2026-01-01&until=2036-01-01", [cookie], None),
        ("GET", "/console/mail?kind=receipt&state=sent&q=ada%40example.com", [cookie], None),
        ("GET", "/console/exports?purpose=newsletter%3Aweekly&report=councils&since=2026-01-01", [cookie], None),
        ("POST", "/console/suppressions", [cookie], {"csrf": staff.csrf, "email": "erin@example.com", "reason": "manual"}),
        ("GET", f"/api/v1/subscribers?{filters}&suppressed=no", [bearer], None),
        ("GET", f"/api/v1/subscribers/{person}*", [bearer], None),
        ("GET", "/api/v1/withdrawals?after=1", [bearer], None),
        ("GET", "/api/v1/exports/consented?purpose=newsletter%3Aweekly&report=councils&policy=2026-12&format=csv", [bearer], None),
    ]
    return asked, staff


def written(request, port):
    """As it goes over the line; a star stands behind a part of a path that is tried."""
    method, path, headers, fields = request
    body = urllib.parse.urlencode(fields) if fields else ""
    if fields:
        headers = [*headers, "Content-Type: application/x-www-form-urlencoded"]
    return HEAD.format(method=method, path=path, port=port, headers="\r\n".join(["Accept: */*", *headers]), body=body)


def tried(request, port, database):
    """What sqlmap says of one request."""
    with tempfile.TemporaryDirectory() as directory:
        name = os.path.join(directory, "request.txt")
        with open(name, "w", encoding="utf-8", newline="") as out:
            out.write(written(request, port))
        command = ["sqlmap", "-r", name, *HOW, f"--dbms={database}", f"--ignore-code={REFUSALS}", "--ignore-stdin",
                   "--drop-set-cookie", "--flush-session", "--disable-coloring", f"--output-dir={directory}"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                                  timeout=SECONDS, env={**os.environ, "HOME": directory})
        except subprocess.TimeoutExpired:
            return f"it was not through within {SECONDS} seconds"
    return done.stdout + done.stderr


def taken(request, program):
    """Whether it is answered as meant before anything is tried: what is refused at the door tells nothing."""
    method, path, headers, fields = request
    given = dict(header.split(": ", 1) for header in headers)
    if fields:
        given["Content-Type"] = "application/x-www-form-urlencoded"
    answer = Browser(program).send(method, path.replace("*", ""), urllib.parse.urlencode(fields) if fields else None, given)
    return answer.status in (200, 303) or (answer.status == 422 and path in WRONG_ON_PURPOSE)


def scan(database, url):
    failed = []
    with Program(url) as program:
        asked, staff = requests(program)
        for request in asked:
            if not taken(request, program):
                failed.append(f"{request} is not what the program takes")
            shown = f"{request[0]} {re.sub('[a-z2-7]{40,}', '…', request[1]).split('?')[0]}"
            said = tried(request, program.port, database)
            fields = len(set(re.findall(r"testing for SQL injection on (.*)", said)))
            sound = NONE in said and FOUND not in said and fields
            print(f"{shown}: {fields} fields, {'none injectable' if sound else 'FAILED'}", flush=True)
            if not sound:
                failed.append(f"{shown}:\n{said}")
        if staff.get("/console").status != 200:
            failed.append("the session ended while it looked at the console")
        failed += program.errors()
    return failed


def main():
    failed = []
    with injectable.server() as port:
        if FOUND not in tried(("GET", "/?name=ada", [], None), port, "SQLite"):
            sys.exit("sqlmap does not find what is there to be found")
    for database in sys.argv[1:] or ["sqlite", "postgres"]:
        print(f"on {database}:")
        with postgres.server() if database == "postgres" else contextlib.nullcontext() as url:
            failed += scan({"sqlite": "SQLite", "postgres": "PostgreSQL"}[database], url)
    print("\n".join(failed))
    sys.exit(f"sqlmap: {len(failed)} findings" if failed else 0)


if __name__ == "__main__":
    main()
