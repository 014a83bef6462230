"""A TCP proxy that can be cut, so that one process loses a server and the others do not."""

import contextlib
import select
import socket
import threading


class Proxy:
    """Passes bytes between whoever connects to `port` and the server at `target`."""

    def __init__(self, target: tuple[str, int] | str, port: int = 0) -> None:
        self.target = target
        self.is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nothing passes any more: connections end, new ones are refused at once."""
        self.is_cut = True
        for pair in self._pairs:
            _close(*pair)
        self._pairs.clear()

    def mend(self) -> None:
        self.is_cut = False

    def hold(self) -> None:
        """Connections stay and new ones come about, and nothing passes."""
        self._flows.clear()

    @property
    def holds(self) -> bool:
        return not self._flows.is_set()

    def release(self) -> None:
        """What was held back passes."""
        self._flows.set()

    def stop(self) -> None:
        self.release()
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_cut:
                    _close(client)
                    continue
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # ValueError: what select says of a socket that was cut a moment ago.
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as ends:
            ends.callback(_close, client)
            server = _connected(self.target)
            ends.callback(_close, server)
            self._pairs.append((client, server))
            if not self.is_cut:
                self._pass_on({client: server, server: client})

    def _pass_on(self, other: dict[socket.socket, socket.socket]) -> None:
        """Until one side ends, in order or by force; then the other side ends as well."""
        while True:
            for source in select.select(list(other), [], [])[0]:
                data = source.recv(65_536)
                if not data:
                    return
                self._flows.wait()
                other[source].sendall(data)


def _connected(target: tuple[str, int] | str) -> socket.socket:
    """With a host and a port, or with the path of a socket."""
    if not isinstance(target, str):
        return socket.create_connection(target)
    server = socket.socket(socket.AF_UNIX)
    server.connect(target)
    return server


def free_port() -> int:
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
