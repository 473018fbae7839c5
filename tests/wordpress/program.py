"""assent's demo, and the mail that it would have sent."""

import html
import os
import re
import shutil
import subprocess
import urllib.request

from sites import free_port, until

REPORT = "local-digital-transformation"


def read(url, **headers):
    """The text of a page; a refusal is none."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        return answer.read().decode()


class Assent:
    """A demo in a directory of its own, which lets in nobody yet."""

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        os.makedirs(directory)
        self.environment = {
            "PATH": os.environ["PATH"], "TMPDIR": directory, "ASSENT_LISTEN": f"127.0.0.1:{self.port}", "ASSENT_BASE_URL": self.url,
            "ASSENT_LIMIT_MAIL_PER_ADDRESS": "off",
        }
        self.start()

    def start(self):
        command = [os.path.abspath(os.environ["TEST_PROGRAM"]), "demo", "--dir", f"{self.directory}/demo"]
        with open(f"{self.directory}/log", "ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        until(self.is_ready, "assent")

    def is_ready(self):
        try:
            return read(self.url + "/readyz")
        except OSError:
            return None

    def mail_to(self, email, subject):
        """The text of the newest mail to this address of this subject, once it is there."""
        def look():
            for link, about, to in re.findall(r'<a href="(/dev/mailbox/[^"]+)">([^<]*)</a>\s*<span class="address">([^<]*)</span>',
                                              read(self.url + "/dev/mailbox")):
                if to == email and html.unescape(about).startswith(subject):
                    return re.search(r'<pre class="mail-text"[^>]*>(.*?)</pre>', read(self.url + link), re.DOTALL)[1]
            return None
        return html.unescape(until(look, f"mail to {email}: {subject}", 60))

    def lets_in(self, line):
        """As the operator does who is given this line for assent.toml: the variable is the same setting."""
        self.environment["ASSENT_EMBED_ORIGINS"] = re.fullmatch(r'embed_origins = \["([^"]+)"\]', line)[1]
        self.stop()
        self.start()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(40)

    def command(self, *arguments):
        """What a command on its data prints."""
        environment = {**self.environment, "ASSENT_DATA_DIR": f"{self.directory}/demo"}
        done = subprocess.run([os.path.abspath(os.environ["TEST_PROGRAM"]), *arguments], env=environment, text=True,
                              capture_output=True, check=False, timeout=60)
        if done.returncode:
            raise SystemExit(f"assent {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
