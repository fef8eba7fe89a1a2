"""Bring a real Odoo 19 with a PostgreSQL of its own into one folder: 70 seconds from nothing, 2 where it is there.

The package comes from the Debian mirror that this machine's apt already knows, through an apt configuration of our
own, and is unpacked, not installed; its Python requirements come from the package index into a venv beside it.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.odoo.place import Missing, Place, as_user, place, tail

SUITE = "sid"
"""The suite of Debian that carries Odoo 19."""

PACKAGE = "odoo-19"
STATIC = (
    "fonts-font-awesome libjs-jquery libjs-jquery-form libjs-underscore fonts-roboto-unhinted fonts-montserrat"
    " fonts-inconsolata fonts-ocr-b"
).split()
"""What the symbolic links of Odoo's package lead to."""

# No pins were needed on 2026-11-21 with Python 3.11. websocket-client is for tours only.
REQUIREMENTS = (
    "asn1crypto Babel cbor2 chardet cryptography python-dateutil docutils freezegun geoip2 gevent greenlet idna Jinja2"
    " libsass lxml lxml-html-clean MarkupSafe num2words ofxparse openpyxl passlib Pillow polib psutil psycopg2-binary"
    " pyOpenSSL pypdf pyserial python-magic python-stdnum pytz pyusb qrcode reportlab requests rjsmin setuptools"
    " urllib3 vobject websocket-client Werkzeug xlrd XlsxWriter xlwt zeep"
).split()

PACKAGES = "root/usr/lib/python3/dist-packages"
LEFT_OUT = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
"""Not in Debian's package for its licence; without a file each page logs an error, and every tour fails."""

# A throw-away cluster: speed before durability; and a socket only, so that it takes no port from anybody.
CLUSTER = """
listen_addresses = ''
unix_socket_directories = '{socket}'
fsync = off
synchronous_commit = off
full_page_writes = off
"""
CONFIGURATION = """[options]
addons_path = {addons}
data_dir = {data}
db_host = {socket}
db_port = 5432
db_user = {user}
list_db = False
http_interface = 127.0.0.1
"""

ROLE = "odoo"
"""PostgreSQL's; Odoo refuses the one that is called postgres."""

SOCKET_PATH = 80
"""Bytes that the folder's name may have: a socket's path has no more than 107."""


def bring(there: Place) -> None:
    """Do what has not been done yet; Missing where it cannot be done here."""
    look_around(there)
    there.own("log")
    for name, mark, make in STEPS:
        done = there.folder / mark
        if not done.exists():
            began = time.monotonic()
            make(there)
            done.touch()
            print(f"{name:<42}{time.monotonic() - began:6.1f} s", flush=True)
    configure(there)


def look_around(there: Place) -> None:
    """What this machine must have, before anything is fetched."""
    if len(str(there.folder)) > SOCKET_PATH:
        raise Missing(f"{there.folder} is too long a path for a socket; name a shorter folder with ODOO_DIR")
    if not (there.folder / "debs/.complete").exists():
        mirror()
    interpreter(there)
    binaries()


def download(there: Place) -> None:
    """Odoo's package and its static files."""
    debs = there.folder / "debs"
    for folder in ("lists/partial", "cache/archives/partial"):
        (debs / folder).mkdir(parents=True, exist_ok=True)
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (debs / "sources.list").write_text(f"deb [signed-by={key}] {mirror()} {SUITE} main\n")
    for words, reason in (
        (("apt-get", "-qq", "update"), f"the suite {SUITE} of this machine's Debian mirror cannot be read"),
        (("apt-cache", "show", PACKAGE), f"the suite {SUITE} carries no package {PACKAGE}"),
        (("apt-get", "-qq", "download", PACKAGE, *STATIC), f"{PACKAGE} or a package of its files cannot be downloaded"),
    ):
        if not apt(debs, *words):
            raise Missing(f"{reason} (see {debs / 'log'})", abroad=True)


def mirror() -> str:
    """The Debian mirror that stands in this machine's apt sources."""
    if not shutil.which("apt-get"):
        raise Missing("this machine has no apt", abroad=True)
    lists = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    lines = [line for file in lists if file.is_file() for line in file.read_text().splitlines()]
    known = [line for line in lines if line.startswith(("URIs:", "deb "))]
    found = re.findall(r"https?://\S+/debian/?(?=\s|$)", "\n".join(known))
    if not found:
        raise Missing("no Debian mirror stands in this machine's apt sources", abroad=True)
    return found[0]


def apt(debs: Path, tool: str, *words: str) -> bool:
    """Whether an apt tool did this with lists of our own; the machine's lists stay as they are."""
    own = {
        "Dir::Etc::sourcelist": debs / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::Lists": debs / "lists",
        "Dir::Cache": debs / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    options = [word for name, value in own.items() for word in ("-o", f"{name}={value}")]
    with (debs / "log").open("ab") as log:
        return subprocess.run([tool, *options, *words], cwd=debs, stdout=log, stderr=log).returncode == 0


def unpack(there: Place) -> None:
    """Into `root`; nothing of the machine's is touched."""
    root = there.folder / "root"
    root.mkdir(exist_ok=True)
    for package in sorted((there.folder / "debs").glob("*.deb")):
        subprocess.run(["dpkg", "-x", package, root], check=True)
    left_out = there.folder / PACKAGES / LEFT_OUT
    left_out.parent.mkdir(parents=True, exist_ok=True)
    left_out.touch()


def requirements(there: Place) -> None:
    """A venv with what Odoo imports."""
    venv, log = there.folder / "venv", there.folder / "log/pip"
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([interpreter(there), "-m", "venv", venv], check=True)
    words = [venv / "bin/pip", "-q", "install", "--disable-pip-version-check", *REQUIREMENTS]
    with log.open("ab") as out:
        if subprocess.run(words, stdout=out, stderr=out).returncode:
            raise Missing(f"Odoo's Python requirements cannot be installed:\n{tail(log, 5)}")
    for site in venv.glob("lib/python3.*/site-packages"):
        (site / "odoo-19.pth").write_text(f"{there.folder / PACKAGES}\n")


def interpreter(there: Place) -> str:
    """A Python that the serving user may run (one below a private home it may not) and that can make a venv."""
    question = "import ensurepip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))"
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if shutil.which(candidate) and tells_true(there, candidate, "-c", question):
            return candidate
    raise Missing(f"no Python 3.10 to 3.13 with venv that {there.user or 'you'} may run (Debian: python3-venv)")


def tells_true(there: Place, *command: str) -> bool:
    """Whether a command of the user's ends well."""
    try:
        return subprocess.run(command, capture_output=True, **as_user(there.user)).returncode == 0
    except PermissionError:
        return False


def cluster(there: Place) -> None:
    """A PostgreSQL cluster of our own; what an interrupted run has left of one goes."""
    shutil.rmtree(there.folder / "pg", ignore_errors=True)
    data = there.own("pg")
    words = ("-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    there.run(binaries() / "initdb", "-D", data, *words, log="initdb")
    with (data / "postgresql.conf").open("a") as out:
        out.write(CLUSTER.format(socket=data))


def binaries() -> Path:
    """The folder of PostgreSQL's newest binaries."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not (found or on_path):
        raise Missing("PostgreSQL's binaries are not installed (Debian: apt-get install postgresql)")
    return (found[-1] if found else Path(str(on_path))).parent


STEPS: tuple[tuple[str, str, Callable[[Place], None]], ...] = (
    ("Odoo's package from Debian's mirror", "debs/.complete", download),
    ("unpack", "root/.complete", unpack),
    ("its Python requirements", "venv/.complete", requirements),
    ("a PostgreSQL cluster", "pg/.complete", cluster),
)
"""What is done, the file that tells that it was, and how."""


def configure(there: Place) -> None:
    """`odoo.conf`, and `odoo`, which starts it."""
    folder = there.folder
    filled = CONFIGURATION.format(
        addons=folder / PACKAGES / "odoo/addons", data=there.own("data"), socket=folder / "pg", user=ROLE
    )
    # The script itself: with `python -m odoo` the process for long polling never starts.
    started = f'#!/bin/sh\nexec {folder}/venv/bin/python {folder}/root/usr/bin/odoo "$@"\n'
    for name, text in (("odoo.conf", filled), ("odoo", started)):
        file = folder / name
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
            file.chmod(0o755)


@contextmanager
def postgres(there: Place) -> Iterator[None]:
    """The cluster runs until the block ends; one that somebody else has started goes on."""
    data, program = there.folder / "pg", binaries() / "pg_ctl"
    if tells_true(there, str(program), "-D", str(data), "status"):
        yield
        return
    there.run(program, "-D", data, "-w", "-l", there.own("log") / "postgres", "start", log="pg_ctl")
    try:
        yield
    finally:
        there.run(program, "-D", data, "-m", "fast", "-w", "stop", log="pg_ctl")


def main() -> int:
    """75 and the reason in the last line where Odoo cannot be had."""
    try:
        there = place()
        bring(there)
    except Missing as missing:
        print(f"SKIP odoo-19: {missing}")
        return os.EX_TEMPFAIL
    print(f"Odoo 19 is in {there.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
