"""What stands around a flow: its organization, and the other flows."""

import msgspec

from ringmain.hosts.glific.flows.definition import Flow


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around the flows: the organization, its variables, its clock, and the seed of its lots."""

    organization: int = 1
    variables: dict[str, str] = {}
    minutes_from_utc: int = 330
    seed: int = 0


class Library:
    """The flows that there are, each found by its id or else by its name."""

    def __init__(self, flows: tuple[Flow, ...]) -> None:
        self.flows = flows
        self._by_id = {flow.uuid: flow for flow in reversed(flows)}
        self._by_name = {flow.name.strip().lower(): flow for flow in reversed(flows)}

    def find(self, uuid: str, name: str = "") -> Flow | None:
        """A flow; None where it is not here."""
        return self._by_id.get(uuid) or self._by_name.get(name.strip().lower())

    def number(self, flow: Flow) -> int:
        """What stands for the number that Glific's database would give it."""
        return next(at for at, one in enumerate(self.flows, 1) if one.uuid == flow.uuid)
