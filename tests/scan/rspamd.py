#!/usr/bin/env python3
"""What rspamd says of one of every kind of mail, by its own rules alone: nothing is asked of a network.

Six points would mark it as spam; here nothing may count against a mail at all, but for what is named below.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import mails
from postgres import free_port

# What asks name servers, or others' lists; what learns; what keeps its findings in Redis.
SILENT = ("antivirus arc asn bimi dkim dkim_signing dmarc elastic external_services fuzzy_check greylist hfilter history_redis "
          "mx_check neural p0f ratelimit rbl replies reputation rspamd_update spf url_redirector whitelist").split()
# What counts against a mail and is not ours to mend.
NOT_OURS = {
    # Asking whether somebody agrees is what these mails are for.
    "SUBJECT_ENDS_QUESTION",
    # Mentions, not links: the address behind a button also stands below it, for who can't press. That text and HTML
    # lead to the same places is told by a test of the templates.
    "URI_COUNT_ODD",
}

CONFIG = """
.include "$CONFDIR/common.conf"
options {{
    pidfile = "$RUNDIR/pid";
    .include "$CONFDIR/options.inc"
    control_socket = "$DBDIR/control mode=0600";
    dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""


class Filter:
    def __enter__(self):
        self.directory, self.port = tempfile.mkdtemp(prefix="assent-scan-rspamd-"), free_port()
        for name in ("local.d", "override.d", "maps.d"):
            os.mkdir(self.path(name))
        for module in SILENT:
            self.write(f"override.d/{module}.conf", "enabled = false;\n")
        self.write("override.d/classifier-bayes.conf", "disabled = true;\n")
        self.write("rspamd.conf", CONFIG.format(port=self.port))
        places = [f"--var={name}={self.directory}" for name in ("DBDIR", "RUNDIR", "LOCAL_CONFDIR")]
        command = ["rspamd", "--no-fork", "--insecure", "--config", self.path("rspamd.conf"), *places]
        with open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("rspamd does not start:\n" + self.said())
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(content)

    def said(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, said

    def is_ready(self):
        try:
            return self.ask("GET", "/ping")[0] == 200
        except OSError:
            return False

    def judge(self, mail):
        headers = {"From": mails.FROM, "Rcpt": mail.message["to"], "IP": mails.RELAY_IP,
                   "Helo": mails.RELAY, "Hostname": mails.RELAY}
        status, said = self.ask("POST", "/checkv2", mail.arrived, headers)
        if status != 200:
            sys.exit(f"rspamd answers {status}: {said!r}")
        return json.loads(said)


def main():
    failed = 0
    with Filter() as rspamd:
        for mail in mails.every():
            verdict = rspamd.judge(mail)
            against = {name: symbol for name, symbol in verdict["symbols"].items() if symbol["score"] > 0}
            score = sum(symbol["score"] for symbol in verdict["symbols"].values() if symbol["name"] not in NOT_OURS)
            print(f"{score:5.1f} {mail.name}: {', '.join(sorted(against)) or 'nothing against it'}")
            wrong = [symbol for name, symbol in against.items() if name not in NOT_OURS]
            for symbol in wrong:
                print(f"      {symbol['score']} {symbol['name']}: {symbol.get('description')} {symbol.get('options', '')}")
            failed += bool(wrong)
    sys.exit(f"rspamd: {failed} mails have something against them" if failed else 0)


if __name__ == "__main__":
    main()
