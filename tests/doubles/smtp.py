"""A mail server on 127.0.0.1 that keeps what it is given, and refuses when told to."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """Answers for each mail: None takes it, "451 ..." or "550 ..." refuses at the named step."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Session)
        self.taken: list[EmailMessage] = []
        self.refuse_recipient: str | None = None
        self.refuse_data: str | None = None
        self.sessions = 0
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.taken]


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        with self.server.lock:
            self.server.sessions += 1
        self._say("220 double")
        for line in self.rfile:
            verb = line.decode().strip().split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                self._say("250-double\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == "RCPT" and self.server.refuse_recipient:
                self._say(self.server.refuse_recipient)
            elif verb == "DATA":
                self._take()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.server.refuse_data:
            self._say(self.server.refuse_data)
            return
        mail = email.message_from_bytes(b"".join(lines), _class=EmailMessage, policy=email.policy.default)
        with self.server.lock:
            self.server.taken.append(mail)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(port: int = 0) -> Iterator[MailServer]:
    with MailServer(port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
