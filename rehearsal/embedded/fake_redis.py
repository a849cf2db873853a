"""`python -m rehearsal.embedded.fake_redis HOST PORT`: Redis in Python, where no real one is."""

import sys

from fakeredis import TcpFakeServer


def main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])
    server = TcpFakeServer((host, port), server_type="redis")
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
