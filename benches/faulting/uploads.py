"""The program is killed while a report's file comes in, through the console or by command."""

import hashlib
import http.client
import os
import random
import re
import subprocess
import threading
import time
import urllib.parse

from measuring.processes import Trouble
from measuring.program import REPORT

from .outcome import Outcome
from .site import ADMIN, PASSWORD

SIZE = 4 * 1024 * 1024
PIECE = 64 * 1024
SETTINGS = {"ASSENT_DOWNLOAD_LIMIT": "100000"}
HEAD = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'


def content(chance):
    return b"%PDF-1.7\n" + random.Random(chance.random()).randbytes(SIZE + chance.randrange(PIECE)) + b"\n%%EOF\n"


def killed(it):
    """Either the old file is served whole afterwards or the new one, and the new one if that was acknowledged."""
    site, outcome = it.install(**SETTINGS), Outcome()
    it.up()
    prepare(it)
    with it.forms(connections=2, pause=0.05) as forms:
        by_console = it.chance.random() < 0.6
        ended = (console if by_console else command)(it, outcome)
        answered = forms.until_answered("acknowledged", ended, 20)
        outcome.gap = (answered or time.monotonic()) - ended
        outcome.notes.append("by console" if by_console else "by command")
        rows(it, outcome)
    return it.seen(forms, outcome)


def console(it, outcome):
    """A report's file is replaced at the console, and `serve` is killed meanwhile or just afterwards."""
    site, new, answer = it.site, content(it.chance), {}
    old = it.kept["served"]
    # In the middle of what is sent, while it is put in its place, or just after.
    when = it.chance.choice(("in the middle", "at the end", "just after"))
    at = it.chance.uniform(0.1, 0.95) if when == "in the middle" else 1
    sent, gone = threading.Event(), threading.Event()

    def send():
        body = HEAD + new + b"\r\n--cut--\r\n"
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        try:
            connection.putrequest("POST", f"/console/reports/{REPORT}/file?csrf={it.kept['csrf']}")
            for name, value in (("Content-Type", "multipart/form-data; boundary=cut"), ("Cookie", it.kept["cookie"]),
                                ("Content-Length", str(len(body))), ("Sec-Fetch-Site", "same-origin"),
                                ("Origin", f"http://127.0.0.1:{site.port}")):
                connection.putheader(name, value)
            connection.endheaders()
            for begin in range(0, len(body), PIECE):
                if begin >= at * len(body):
                    sent.set()
                    # The rest never comes: it is killed while it waits.
                    gone.wait(30)
                    break
                connection.send(body[begin:begin + PIECE])
            sent.set()
            if at == 1:
                answer["status"] = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            answer["broke"] = type(error).__name__
        finally:
            sent.set()
            connection.close()

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    if not sent.wait(30):
        outcome.wrong.append("an upload of 4 MiB took more than 30 s")
    if when == "at the end":
        time.sleep(it.chance.uniform(0, 0.05))
    elif when == "just after":
        sender.join(30)
    site.end()
    ended = time.monotonic()
    gone.set()
    for key in site.held():
        it.again[key] += 1
    sender.join(35)
    status = answer.get("status")
    site.begin()
    site.up()
    got, served = fetch(it)
    if got != 200:
        outcome.wrong.append(f"killed {when}: the file was answered {got}")
    elif served == hashed(new):
        it.kept["served"], it.kept["new"] = served, it.kept.get("new", 0) + 1
    elif served != old:
        outcome.wrong.append(f"killed {when}: a torn file is served")
    elif status == 303:
        outcome.wrong.append("an upload was acknowledged, and the old file is served")
    if when == "just after" and status != 303:
        outcome.wrong.append(f"an upload without a fault was answered {status or answer.get('broke')}")
    it.remark("new", f"the new file was there after {it.kept.get('new', 0)} kills")
    return ended


def command(it, outcome):
    """`report add` is killed: there is no such report then, or its file is whole; `serve` goes on."""
    site, new = it.site, content(it.chance)
    path, slug = os.path.join(site.directory, "new.pdf"), f"added{it.number}"
    with open(path, "wb") as out:
        out.write(new)
    adding = subprocess.Popen([site.program, "report", "add", path, "--slug", slug, "--title", "Added", "--publish"],
                              env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        adding.wait(it.chance.uniform(0.01, 0.25))
    except subprocess.TimeoutExpired:
        pass
    adding.kill()
    code = adding.wait()
    ended = time.monotonic()
    there = slug in site.sql("SELECT slug FROM report")
    if code == 0 and not there:
        outcome.wrong.append("`report add` ended with 0, and there is no report")
    if there:
        it.kept["added"] = it.kept.get("added", 0) + 1
    status = site.ask("GET", f"/reports/{slug}")[0]
    if not there and status != 404:
        outcome.wrong.append(f"a report that was not added is answered {status}")
    it.remark("added", f"the report was there after {it.kept.get('added', 0)} kills of the command")
    return ended


def rows(it, outcome):
    """Each file that a row names is whole; what else lies there is counted, and nobody is served it."""
    site, named = it.site, set()
    for row in site.sql("SELECT file_key || '|' || sha256 || '|' || byte_size FROM report"):
        key, digest, size = row.split("|")
        path = os.path.join(site.data, "files", key)
        named.add(os.path.abspath(path))
        if not os.path.exists(path):
            outcome.wrong.append(f"a row names {key}, which is not there")
            continue
        with open(path, "rb") as file:
            held = file.read()
        if len(held) != int(size) or hashed(held) != digest:
            outcome.wrong.append(f"{key} is not what its row says")
    left = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(site.data, "files"))
            for name in names if os.path.abspath(os.path.join(folder, name)) not in named]
    left = [path for path in left if f"{os.sep}outside{os.sep}" not in path]
    it.remark("left", f"{len(left)} files that nothing names lie in the store, for the purge")


def hashed(content):
    return hashlib.sha256(content).hexdigest()


def fetch(it):
    """The status of the reader's link, and the SHA-256 of the whole file behind it."""
    try:
        status, headers, held = it.site.ask("GET", it.kept["link"])
    except http.client.IncompleteRead:
        return "broken off", None
    return status, hashed(held)


def prepare(it):
    """A reader's link and a session of staff; once for all rounds, for both outlive a kill."""
    site = it.site
    if "link" in it.kept:
        return
    site.sign_up("reader@example.com")
    end = time.monotonic() + 30
    while not any(mail.to == "reader@example.com" and mail.token for mail in it.relay.mails):
        if time.monotonic() > end:
            raise Trouble(f"no mail that asks to confirm came within 30 s: {site.said()}")
        time.sleep(0.05)
    token = next(mail.token for mail in it.relay.mails if mail.to == "reader@example.com" and mail.token)
    status, headers, _ = site.ask("POST", f"/confirm/{token}")
    if status != 303:
        raise Trouble(f"a confirmation was answered {status}: {site.said()}")
    it.kept["link"] = f"{headers['location']}/file"
    status, it.kept["served"] = fetch(it)
    if status != 200:
        raise Trouble(f"a reader's link was answered {status} before any fault: {site.said()}")
    origin = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{site.port}"}
    body = urllib.parse.urlencode({"email": ADMIN, "password": PASSWORD})
    status, headers, _ = site.ask("POST", "/console/sign-in", body, origin)
    if status != 303:
        raise Trouble(f"nobody could sign in: {status}")
    it.kept["cookie"] = "; ".join(value.split(";")[0] for value in headers.get_all("set-cookie"))
    _, _, page = site.ask("GET", f"/console/reports/{REPORT}", headers={"Cookie": it.kept["cookie"]})
    it.kept["csrf"] = re.search(r'name="csrf" value="([^"]+)"', page.decode()).group(1)
