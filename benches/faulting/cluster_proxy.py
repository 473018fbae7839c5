"""haproxy: before the pages, and before PostgreSQL, where it leads to whichever server is the primary."""

import os
import socket
import tempfile

from measuring.processes import Trouble, found, listens, start, tail, until

SELECT = b"SELECT pg_is_in_recovery()\0"
STARTUP = b"\0\3\0\0user\0postgres\0database\0postgres\0\0"
# A row of one column, `f`.
IS_PRIMARY = b"D\0\0\0\x0b\0\1\0\0\0\1f"

CONFIG = """global
    stats socket {socket} mode 600 level admin
    maxconn 1000
defaults
    timeout connect 2s
    timeout check 1s
    retries 3
    option redispatch
frontend pages
    mode http
    bind 127.0.0.1:{pages}
    timeout client 60s
    default_backend webs
backend webs
    mode http
    timeout server 60s
    option forwardfor
    option httpchk GET /livez
    default-server check inter 200ms fall 2 rise 1
{webs}
listen database
    mode tcp
    bind 127.0.0.1:{database}
    timeout client 1h
    timeout server 1h
    option tcp-check
    tcp-check connect
    tcp-check send-binary {startup}
    tcp-check send-binary {select}
    tcp-check expect binary {is_primary}
    default-server check inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
{databases}
"""


def message(kind, body):
    return (kind + (len(body) + 4).to_bytes(4) + body).hex()


class Proxy:
    """One process with a configuration of its own."""

    def __init__(self, pages, database, webs, databases):
        directory = tempfile.gettempdir()
        self.socket = os.path.join(directory, "stats")
        if len(self.socket) > 90:
            raise Trouble(f"{self.socket} is too long for a socket's path: give a shorter directory by --directory")
        config, self.log = os.path.join(directory, "haproxy.cfg"), os.path.join(directory, "haproxy.log")

        def servers(name, ports):
            return "\n".join(f"    server {name}{n} 127.0.0.1:{port}" for n, port in enumerate(ports, 1))

        with open(config, "w") as out:
            out.write(CONFIG.format(
                socket=self.socket, pages=pages, database=database, webs=servers("web", webs),
                databases=servers("postgres", databases), startup=message(b"", STARTUP),
                select=message(b"Q", SELECT), is_primary=IS_PRIMARY.hex()))
        self.process = start([found("haproxy", "haproxy"), "-db", "-f", config], self.log)

        def answers():
            if self.process.poll() is not None:
                raise Trouble(f"haproxy does not start: {tail(self.log)}")
            return listens(pages) and listens(database)

        until("haproxy", answers, 20)

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(self.socket)
            asked.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: asked.recv(65536), b"")).decode()

    def leads_to(self, server):
        """Whether a server, such as `webs/web1`, is asked."""
        for row in self.ask("show stat").splitlines():
            columns = row.split(",")
            if "/".join(columns[:2]) == server:
                # `UP 1/2` still leads there.
                return columns[17].startswith("UP")
        raise Trouble(f"haproxy knows no {server}")
