"""How ToolJet's server reaches the hub, which is where most first tries fail."""

from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1", "::1")


def told(base: str) -> str:
    """What to know of addresses, beginning with what is wrong with this one."""
    return trap(base) + RULES


def trap(base: str) -> str:
    """What is wrong with this address, where it is one that a container takes for itself; else nothing."""
    if (urlsplit(base).hostname or "") not in LOCAL:
        return ""
    return (
        f"!! {base} is this machine's own name for itself. ToolJet in a container asks its own\n"
        "   container under it. Start the hub under an address of the list in network.txt.\n\n"
    )


RULES = """\
The calls come from ToolJet's server, not from the browser. If it runs in a container:

hub in the same compose file   http://SERVICE:8484, its service's name
hub on the same machine        http://192.168.x.x:8484, the machine's address in its network;
                               with RINGMAIN_PUBLIC_URL set to it, ringmain up --host 0.0.0.0
hub elsewhere                  its public address, with https
host.docker.internal           works for the plugin where the container knows it (Linux:
                               extra_hosts: "host.docker.internal:host-gateway"); data sources
                               without a plugin may refuse it, as it is in no DNS
localhost, 127.0.0.1           the container itself

ToolJet's own guard (SSRF_PROTECTION_ENABLED, on by default in its community edition) lets
10.x, 172.16-31.x, 192.168.x and the name localhost pass. It refuses 127.0.0.1, 169.254.x,
100.64-127.x (addresses of Tailscale and other VPNs), and names that DNS does not know.
It is not ours; it holds for data sources without a plugin.

To see what ToolJet sees:  docker exec CONTAINER curl -s HUB/health   says {"status":"ok"}
"""
