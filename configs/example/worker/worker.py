"""The storefront's worker. It answers with the revision that it was built from, with
the host that it runs on and with the configuration that lies in its release."""

import pathlib
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from revision import REVISION  # written by the Makefile

GREETING = "The storefront's worker welcomes you."
PORT = 9000

# The release that it was started in: "current" may lead to another one by now.
RELEASE = pathlib.Path.cwd().resolve()


def answer(config: pathlib.Path) -> str:
    """The answer to GET /: each file of the configuration follows, with its name."""
    text = f"revision: {REVISION}\n{GREETING}\nhost: {socket.gethostname()}\n"
    for file in sorted(path for path in config.rglob("*") if path.is_file()):
        text += f"\n--- {file.relative_to(config).as_posix()}\n{file.read_text()}"
    return text


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.reply(200, answer(RELEASE / "config"))
        elif self.path == "/healthz":
            self.reply(200, "ok\n")
        else:
            self.reply(404, "not found\n")

    def reply(self, status: int, text: str):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print(self.log_date_time_string(), self.client_address[0], format % args, flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"worker {REVISION} listens on :{PORT}", file=sys.stderr, flush=True)
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()
