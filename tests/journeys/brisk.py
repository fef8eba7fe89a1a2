"""A hub as `ringmain up` starts it, but what it leaves behind is soon another hub's: `python brisk.py SECONDS`."""

import sys

from ringmain.ring import Ring
from ringmain.server.app import make_app
from ringmain.server.process import Process
from ringmain.server.serve import place, url_of
from ringmain.settings import read_settings


def main(seconds: float) -> None:
    """Serve until the process is told to stop."""
    settings = read_settings()
    with place(settings.data, "127.0.0.1", 0) as sock:
        ring = Ring(settings)
        try:
            url = url_of(sock)
            app = make_app(ring, url=url, claim=seconds)
            Process(app, on_started=lambda: print(f"The hub is at {url}", flush=True)).run(sockets=[sock])
        finally:
            ring.close()


if __name__ == "__main__":
    main(float(sys.argv[1]))
