#!/usr/bin/env python3
"""What wapiti finds at the public pages, at somebody's own pages, and at the console, signed in.

It is given minutes, not hours: each module so many seconds, each part so many links. Fails on every vulnerability
that it names, and where the program logs an error or a page of it breaks while it is asked.
"""

import json
import os
import subprocess
import sys
import tempfile

from program import Browser, Program

# Left out: what guesses names of files and passwords, and asks for other programs' holes.
MODULES = "cookieflags,crlf,csp,exec,file,http_headers,ldap,methods,permanentxss,redirect,sql,timesql,upload,xss,xxe"
# What it names and is none: words of it, with the reason.
NOT_OURS = {
    "X-Frame-Options is not set": "the policy's frame-ancestors says it (CSP 2 §7.7.1), and it alone can name sites",
    "Secure flag is not set": "the scan goes over plain HTTP; where base_url is https, cookies are Secure",
    "/cover: Lack of anti CSRF token": "an upload's token stands in its address",
    "/file: Lack of anti CSRF token": "an upload's token stands in its address",
    "/reports/new: Lack of anti CSRF token": "an upload's token stands in its address",
    "/preview: Lack of anti CSRF token": "the form of a preview can't be sent: the answer is 405",
}
SECONDS_TO_LOOK, SECONDS_FOR_EACH = 20, 6
WAPITI = os.environ.get("TEST_WAPITI", "wapiti")


def scan(program, directory, part):
    """How many pages it saw, and what it names: kind, address, words."""
    starts, browser = part["starts"], part.get("browser")
    report = os.path.join(directory, "report.json")
    command = [WAPITI, "--url", program.base_url + starts[0], "--scope", part["scope"], "--module", part.get("modules", MODULES), "--depth", "4",
               "--max-scan-time", str(SECONDS_TO_LOOK), "--max-attack-time", str(SECONDS_FOR_EACH), "--no-bugreport",
               "--max-links-per-page", "30", "--flush-session", "--store-session", directory, "--store-config", directory,
               "--format", "json", "--output", report, "--verbose", "0"]
    for start in starts[1:]:
        command += ["--start", program.base_url + start]
    for path in part.get("excluded", []):
        command += ["--exclude", program.base_url + path]
    if "bearer" in part:
        command += ["--header", f"Authorization: Bearer {part['bearer']}"]
    if browser:
        command += ["--cookie-value", browser.cookie()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    if done.returncode or not os.path.exists(report):
        sys.exit(f"wapiti ends with {done.returncode}:\n{done.stdout}{done.stderr}")
    with open(report, encoding="utf-8") as said:
        whole = json.load(said)
    os.remove(report)
    found = {**whole["vulnerabilities"], **whole["anomalies"]}
    found = [f"{kind}: {one['path']}: {one['info']}" for kind, some in found.items() for one in some]
    return whole["infos"]["crawled_pages_nbr"], [one for one in found if not any(words in one for words in NOT_OURS)]


def parts(program, staff):
    """What is looked at, as whom. Forms of the public pages need no token: nobody is signed in there."""
    reader = Browser(program)
    reader.subscribe("ada@example.com")
    own = [program.link("ada@example.com", name) for name in ("preferences", "downloads", "unsubscribe")]
    # What would end the session, or ask more of it.
    ending = ["/console/sign-out", "/console/account*", "/console/staff/rules"]
    desk = ["/console", "/console/subscribers", "/console/exports", "/console/audit", "/console/reports/new"]
    return {
        "public pages": {"starts": ["/", "/reports/councils", "/newsletters", "/preferences", "/complaints", "/it", "/ledger"], "scope": "domain",
                         "excluded": ["/console*"]},
        "somebody's own pages": {"starts": own, "scope": "domain", "browser": reader, "excluded": [f"{own[0]}/erase"]},
        "the console": {"starts": desk, "scope": "folder", "browser": staff, "excluded": ending, "modules": f"csrf,{MODULES}"},
        "the API": {"starts": ["/api/v1/subscribers?q=ada&state=given", "/api/v1/withdrawals?after=-1",
                               "/api/v1/exports/consented?purpose=newsletter:weekly&since=2026-01-01&format=csv"],
                    "scope": "folder", "bearer": staff.token()},
    }


def main():
    failed = 0
    with Program() as program, tempfile.TemporaryDirectory() as directory:
        staff = Browser(program)
        staff.sign_in()
        for name, part in parts(program, staff).items():
            pages, found = scan(program, directory, part)
            print(f"{name}: {pages} pages, {len(found)} findings")
            for finding in found:
                print(f"      {finding}")
            failed += len(found)
        # Whoever was signed out on the way saw no more of it.
        if staff.get("/console").status != 200:
            sys.exit("wapiti: the session ended while it looked at the console")
        errors = program.errors()
        print("\n".join(errors))
    sys.exit(f"wapiti: {failed} findings, {len(errors)} errors in the log" if failed or errors else 0)


if __name__ == "__main__":
    main()
