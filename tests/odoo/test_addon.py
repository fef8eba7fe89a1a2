"""The addon in Odoo: it installs quietly, its own tests pass, and it leaves nothing behind."""

import re

from tests.odoo.odoo import READY, Odoo
from tests.odoo.server import free_port

LOUD = re.compile(r"^\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) .*$", re.M)
SUMMED_UP = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading database")


def test_it_is_installed_without_a_warning(odoo: Odoo) -> None:
    assert LOUD.findall(odoo.log(f"install-{READY}").read_text()) == []


def test_its_own_tests_pass_in_odoo_one_of_them_in_a_browser(odoo: Odoo) -> None:
    ports = ("--http-port", str(free_port()), "--gevent-port", str(free_port()))
    with odoo.scratch(READY) as database:
        said = odoo.do(database, "own-tests", "-u", "ringmain", "--test-tags", "/ringmain", *ports)
    summed_up = SUMMED_UP.findall(said)
    assert [(failed, broken) for failed, broken, _ in summed_up] == [("0", "0")]
    assert int(summed_up[0][2]) > 0
    assert [line for line in LOUD.findall(said) if "ringmain" in line.split(" ", 5)[5]] == []
    assert "browser: tour succeeded" in said
