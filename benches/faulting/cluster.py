"""An installation of several processes: pages and workers, PostgreSQL and its standby, S3, a relay, haproxy."""

import base64
import http.client
import os
import random
import shutil
import signal
import tempfile
import time

from measuring.processes import STARTED, Trouble, found, free_port, listens, start, stop, tail, until
from measuring.program import Installation

from .cluster_postgres import Pair
from .cluster_proxy import Proxy
from .cluster_relay import Relay


class Member:
    """One process of the program, with a data directory of its own."""

    def __init__(self, program, name, role, environment, directory):
        self.program, self.name, self.role, self.process = program, name, role, None
        self.port, self.log = free_port(), os.path.join(directory, f"{name}.log")
        self.environment = {**environment, "ASSENT_DATA_DIR": os.path.join(directory, name),
                            "ASSENT_LISTEN": f"127.0.0.1:{self.port}"}

    def begin(self):
        self.process = start([self.program, "serve", "--role", self.role], self.log, env=self.environment)

    def wait(self):
        """Until it answers; a worker serves nothing, and is there once it holds its database."""
        until(f"{self.name} answers", self.is_ready, 60)

    def is_ready(self):
        if self.process.poll() is not None:
            raise Trouble(f"{self.name} does not run: {tail(self.log)}")
        return self.role == "worker" or self.ask("/readyz")[0] == 200

    def ask(self, path):
        """Status and body; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def kill(self):
        stop(self.process, signal.SIGKILL)

    def end(self):
        """Asks it to end; the exit code, and after how long."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        until(f"{self.name} ends after SIGTERM", lambda: self.process.poll() is not None, 40)
        STARTED.remove(self.process)
        return self.process.returncode, time.monotonic() - begun


def s3(program):
    """moto, with a bucket; what an installation needs to use it."""
    port, log = free_port(), os.path.join(tempfile.gettempdir(), "s3.log")
    process = start([program, "-H", "127.0.0.1", "-p", str(port)], log)

    def answers():
        if process.poll() is not None:
            raise Trouble(f"moto does not start: {tail(log)}")
        return listens(port)

    until("moto", answers, 60)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("PUT", "/reports")
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        raise Trouble(f"moto makes no bucket ({status}): {tail(log)}")
    return {"ASSENT_FILES_URL": "s3://reports/cluster", "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "cluster", "AWS_SECRET_ACCESS_KEY": "cluster",
            "AWS_REGION": "us-east-1"}


class Cluster(Installation):
    """All of it. What `Installation` asks of its one server goes through the proxy."""

    def __init__(self, program, moto, asynchronous):
        pages, database, *postgres = [free_port() for _ in range(4)]
        self.pair = Pair(postgres, database, asynchronous)
        self.relay = Relay()
        moto = moto or found("moto_server", None)
        self.shared = tempfile.mkdtemp(prefix="files-")
        settings = {
            **(s3(moto) if moto else {"ASSENT_FILES_URL": f"file:{self.shared}"}),
            "ASSENT_BASE_URL": f"http://127.0.0.1:{pages}",
            "ASSENT_MAIL_URL": self.relay.url(),
            "ASSENT_TRUSTED_PROXIES": "127.0.0.1",
            "ASSENT_SECRET_KEY": base64.b64encode(random.randbytes(32)).decode(),
        }
        self.files = "S3 (moto)" if moto else "a shared directory, for moto_server is not here"
        # The proxy knows the pages by their ports, which are drawn before the program is first run.
        directory = tempfile.mkdtemp(prefix="members-")
        self.webs = [Member(program, f"web{n}", "web", {}, directory) for n in (1, 2)]
        self.workers = [Member(program, f"worker{n}", "worker", {}, directory) for n in (1, 2)]
        self.members = [*self.webs, *self.workers]
        self.proxy = Proxy(pages, database, [web.port for web in self.webs], postgres)
        until("haproxy finds the primary", self.primary_is_led_to, 20)
        super().__init__(program, self.pair, settings=settings)
        self.port = pages
        for member in self.members:
            member.environment = {**self.environment, **member.environment}

    def __enter__(self):
        for member in self.members:
            member.begin()
        for member in self.members:
            member.wait()
        for web in self.webs:
            self.wait_for_proxy(web)
        return self

    def __exit__(self, *_):
        for member in self.members:
            if member.process:
                stop(member.process)
        self.relay.shutdown()
        self.relay.server_close()
        shutil.rmtree(self.mailbox, ignore_errors=True)

    def wait_for_proxy(self, web):
        server = f"webs/web{self.webs.index(web) + 1}"
        until(f"haproxy asks {web.name}", lambda: self.proxy.leads_to(server), 20)

    def primary_is_led_to(self):
        """Whether the one server that haproxy leads to is the primary."""
        led_to = [self.proxy.leads_to(f"database/postgres{n}") for n in (1, 2)]
        return led_to == [port == self.pair.primary.port for port in self.pair.ports]

    def keep_logs(self, directory):
        os.makedirs(directory, exist_ok=True)
        below = tempfile.gettempdir()
        logs = [os.path.join(below, name) for name in os.listdir(below) if name.endswith(".log")]
        for log in [*logs, *(member.log for member in self.members)]:
            if os.path.exists(log):
                shutil.copy(log, directory)
