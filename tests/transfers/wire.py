"""A wire between a program and a server that breaks once, after so many bytes, and knows what was asked."""

import re
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.processes import free_port

CHUNK = 64 * 1024


class Wire:
    """Use as a context. While `breaks_after` is 0, it does not break."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.breaks_after = 0
        self.is_broken = False
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._ask, args=[near, far], daemon=True).start()
                threading.Thread(target=self._answer, args=[far, near], daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while asked := near.recv(CHUNK):
                self.asked.append(asked.decode("latin-1"))
                far.sendall(asked)
        self._end(near, far)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while answered := far.recv(CHUNK):
                near.sendall(answered)
                passed += len(answered)
                if self.breaks_after and passed > self.breaks_after and not self.is_broken:
                    self.is_broken = True
                    break
        self._end(near, far)

    def _end(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    @property
    def starts(self) -> list[int]:
        """From which byte on the file was asked for, each time."""
        heads = [head for head in self.asked if head.startswith("GET ")]
        found = [re.search(r"^range: bytes=(\d+)-", head, re.IGNORECASE | re.MULTILINE) for head in heads]
        return [int(each[1]) if each else 0 for each in found]
