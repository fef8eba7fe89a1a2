"""The room of notebooks: `%load_ext ringmain`, then `%%ask`; and an address for kernels without ringmain."""

from ringmain.hosts import Nameplate, Route

NAMEPLATE = Nameplate(
    tool="notebook",
    title="Notebooks",
    routes=(
        Route("POST", "/hosts/notebook/ask"),
        Route("GET", "/hosts/notebook/chats", "memory"),
        Route("GET", "/hosts/notebook/chats/{name}", "memory"),
        Route("DELETE", "/hosts/notebook/chats/{name}", "memory"),
    ),
    largest=20 << 20,
    done=(
        "%ask, %%ask, %%chat, %chat, %usage and %connection in IPython's kernels, with a hub or alone",
        "four templates in Input, Model and Output form, saved with the hub's address filled in",
        "one POST for kernels in which ringmain is not installed",
    ),
    exempt={"deliver": "Whoever runs a cell waits for its answer, so there is none to bring later."},
)
