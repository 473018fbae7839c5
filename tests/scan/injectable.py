"""A server that puts what it is asked for into its SQL, to see that a scanner would tell."""

import contextlib
import http.server
import sqlite3
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("name", [""])[0]
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.executescript("CREATE TABLE person (name TEXT, town TEXT); INSERT INTO person VALUES ('ada', 'Northmoor');")
            try:
                said = str(database.execute(f"SELECT town FROM person WHERE name = '{name}'").fetchall())
            except sqlite3.Error as error:
                said = str(error)
        page = f"<html><body>{said}</body></html>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def server():
    """Its port."""
    one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=one.serve_forever, daemon=True).start()
    try:
        yield one.server_address[1]
    finally:
        one.shutdown()
        one.server_close()
