"""A mail relay that takes everything, and counts each mail as often as it comes."""

import collections
import re
import socketserver
import threading

MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>", re.MULTILINE | re.IGNORECASE)


class Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def say(self, line):
        self.wfile.write(line + b"\r\n")

    def handle(self):
        try:
            self.talk()
        except ConnectionError:
            # Its client was killed.
            pass

    def talk(self):
        self.say(b"220 relay")
        recipient = ""
        while line := self.rfile.readline(4096):
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            if verb == b"DATA":
                self.say(b"354 go on")
                if not self.take(recipient):
                    return
            self.say(b"221 bye" if verb == b"QUIT" else b"250 relay" if verb != b"DATA" else b"250 taken")
            if verb == b"QUIT":
                return

    def take(self, recipient):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line)
        told = MESSAGE_ID.search(b"".join(lines))
        # It is counted before it is answered: what was answered is never missing.
        with self.server.lock:
            self.server.taken[recipient].append(told.group(1).decode() if told else "")
        return True


class Relay(socketserver.ThreadingTCPServer):
    """`taken` has the Message-IDs of what each address was sent."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.taken, self.lock = collections.defaultdict(list), threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"smtp://127.0.0.1:{self.server_address[1]}?tls=none"
