"""Sends ready-made HTTP requests from one process and one thread, with as little processor time as Python allows (about 0.03 ms each),
because the server under test shares the cores.

Latency is from when a request should have left (its own time, where requests come at a rate) to the last byte of its answer.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Sent:
    """latencies: seconds, in no order. acknowledged: requests answered with 200 and the expected text. refused: those answered otherwise.

    cut: those whose connection ended before the answer.
    """

    latencies: list[float] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    cut: list[bytes] = field(default_factory=list)
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1000


class Generator:
    """Connections to 127.0.0.1:`port` that stay open. expected: what every good answer contains."""

    def __init__(self, port: int, expected: bytes) -> None:
        self._port, self._expected = port, expected
        self._poll = select.epoll()
        self._open: dict[int, _Connection] = {}
        self._idle: list[_Connection] = []
        self.sent = Sent()
        self.after_each: Callable[[], None] = lambda: None

    def in_a_closed_loop(self, requests: Iterable[bytes], connections: int) -> Sent:
        """Each of `connections` sends its next request as soon as the one before is answered, until none is left or the server gone."""
        waiting = iter(requests)
        began = time.perf_counter()
        for _ in range(connections):
            self._connect()
        while True:
            while self._idle and (request := next(waiting, None)) is not None:
                self._idle.pop().send(request, time.perf_counter())
            if len(self._idle) == len(self._open):
                break
            self._listen(None)
        return self._end(began)

    def at_a_rate(self, requests: Iterable[bytes], per_second: float, *, seed: int) -> Sent:
        """Requests leave at random moments (a Poisson process), whether or not earlier ones were answered."""
        random_ = random.Random(seed)
        began = at = time.perf_counter()
        due: deque[tuple[float, bytes]] = deque()
        for request in requests:
            at += random_.expovariate(per_second)
            due.append((at, request))
        while due or len(self._idle) < len(self._open):
            now = time.perf_counter()
            while due and due[0][0] <= now:
                if not self._idle:
                    self._connect()
                moment, request = due.popleft()
                self._idle.pop().send(request, moment)
            self._listen(max(0.0, due[0][0] - time.perf_counter()) if due else None)
        return self._end(began)

    def _connect(self) -> None:
        connection = _Connection(self._port)
        self._open[connection.socket.fileno()] = connection
        self._poll.register(connection.socket, select.EPOLLIN)
        self._idle.append(connection)

    def _listen(self, seconds: float | None) -> None:
        for number, _ in self._poll.poll(seconds):
            connection = self._open[number]
            answer = connection.receive()
            if answer is None:
                self._forget(number)
            elif answer:
                self.sent.latencies.append(time.perf_counter() - connection.since)
                is_good = answer.startswith(b"HTTP/1.1 200") and self._expected in answer
                (self.sent.acknowledged if is_good else self.sent.refused).append(connection.request)
                self._idle.append(connection)
                self.after_each()

    def _forget(self, number: int) -> None:
        connection = self._open.pop(number)
        if connection in self._idle:
            self._idle.remove(connection)
        else:
            self.sent.cut.append(connection.request)
        self._poll.unregister(number)
        connection.socket.close()

    def _end(self, began: float) -> Sent:
        self.sent.seconds = time.perf_counter() - began
        for number in list(self._open):
            self._forget(number)
        return self.sent


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request, self.since = b"", 0.0
        self._received, self._length = b"", 0

    def send(self, request: bytes, since: float) -> None:
        self.request, self.since = request, since
        self._received, self._length = b"", 0
        with contextlib.suppress(OSError):  # the server has gone; `receive` says so
            self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The whole answer; b"" while it is incomplete; None where the connection has ended."""
        try:
            part = self.socket.recv(65_536)
        except OSError:
            return None
        if not part:
            return None
        self._received += part
        if not self._length:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return b""
            found = self._received.lower().index(b"content-length: ", 0, head) + len(b"content-length: ")
            self._length = head + 4 + int(self._received[found : self._received.index(b"\r", found)])
        return self._received if len(self._received) >= self._length else b""
