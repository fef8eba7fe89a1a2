"""What an admin of Odoo takes away from the hub."""

import io
import zipfile

from ringmain.hosts.odoo.pack import served

ADDON = served("/hosts/odoo/ringmain-19.0.zip", url="https://hub.example.org")


def test_whoever_serves_odoo_may_read_what_another_user_has_unpacked() -> None:
    with zipfile.ZipFile(io.BytesIO(ADDON.body)) as archive:
        modes = {file.external_attr >> 16 for file in archive.infolist()}
    assert modes == {0o644}
