#!/usr/bin/env python3
"""What REDbot says of answers to GET: of pages, the file, covers, policies, stylesheets, the API. Run by a Python that has it.

Fails on whatever it finds bad or doubtful.
"""

import configparser
import multiprocessing
import re
import sys

from program import Browser, Program

# What it notes and is not ours to mend, each with the paths where it is none.
NOT_OURS = {
    # Nothing is changed by it, and there are caches that heed what is said outright.
    "STORE_PUBLIC_UNNECESSARY": ["^/assets/", "/cover$", "^/ledger/tile/", "^/notices/", "[.]md$"],
    # For caches that know only one of both.
    "CC_CONFLICTING": ["/file$"],
}


def notes(asked):
    """Everything it says of the answer to one address, with what it asks besides: level, name and words of each."""
    import thor
    from redbot.resource import HttpResource

    url, headers = asked
    settings = configparser.ConfigParser()
    settings.read_dict({"redbot": {"enable_local_access": "True"}})
    resource = HttpResource(settings["redbot"])
    resource.set_request(url, headers=headers)

    @thor.events.on(resource)
    def check_done():
        thor.stop()

    resource.check()
    thor.run()
    if not resource.response.complete:
        return None, [("BAD", "NO_ANSWER", f"no whole answer: {resource.fetch_error}")]
    found = list(resource.response.notes)
    found += [sub for note in found for sub in note.subnotes]
    return resource.response.status_code, [(note.level.name, type(note).__name__, note.summary) for note in found]


def addresses(program):
    """What there is to see, each with the headers that it takes."""
    reader, staff = Browser(program), Browser(program)
    confirm = reader.subscribe("ada@example.com")
    staff.sign_in()
    bearer = [("Authorization", f"Bearer {staff.token()}")]
    program.publish("2026-12")
    download, choices = (program.link("ada@example.com", name) for name in ("downloads", "preferences"))
    leave = program.link("ada@example.com", "unsubscribe")
    page = reader.get("/reports/councils").text() + staff.get("/console").text()
    words = re.search(r'"(/notices/[^"]+)"', reader.get("/purposes/privacy-policy").text())[1]
    assets = sorted(set(re.findall(r'"(/assets/[^"]+)"', page)))
    plain = ["/", "/reports/councils", "/reports/councils/cover", "/newsletters", "/policies/privacy",
             "/policies/privacy/2026-11", "/policies/privacy/2026-12/changes?since=2026-11", "/it", "/preferences", "/complaints",
             "/policies/privacy/2026-11.md", "/purposes/privacy-policy", words, "/ledger", "/ledger/checkpoint", "/ledger/key",
             "/ledger/key.json", "/ledger/tile/0/000.p/1", "/ledger/verify", "/check-your-inbox", "/livez", "/readyz", "/nowhere", confirm, f"{confirm}/not-me",
             download, f"{download}/file", choices, f"{choices}/my-data", f"{choices}/my-data.json", leave,
             "/console/sign-in", *assets]
    person = "/api/v1/subscribers?q=ada"
    api = ["/api/v1/exports/consented?purpose=newsletter:weekly", "/api/v1/exports/consented?purpose=newsletter:weekly&format=csv",
           "/api/v1/withdrawals?after=-1", person, "/api/v1/subscribers?wrong=1"]
    console = ["/console", "/console/subscribers", "/console/reports", "/console/audit"]
    cookie = [("Cookie", staff.cookie())]
    return [*((path, []) for path in plain), ("/api/v1/withdrawals", []), *((path, bearer) for path in api),
            *((path, cookie) for path in console)]


def main():
    failed = 0
    # A process for each: it keeps connections in a loop that can be run once.
    with Program() as program, multiprocessing.get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        asked = addresses(program)
        answers = pool.imap(notes, [(program.base_url + path, headers) for path, headers in asked], chunksize=1)
        for (path, _), (status, said) in zip(asked, answers):
            wrong = [(level, name, words) for level, name, words in said if level in ("BAD", "WARN")
                     and not any(re.search(where, path) for where in NOT_OURS.get(name, []))]
            shown = re.sub(r"[a-z2-7]{40,}", "…", path)
            print(f"{status} {shown}: {len(said)} notes, {len(wrong)} wrong")
            for level, name, words in wrong:
                print(f"      {level} {name}: {words}")
            failed += bool(wrong)
    sys.exit(f"REDbot: {failed} answers are not what they should be" if failed else 0)


if __name__ == "__main__":
    main()
