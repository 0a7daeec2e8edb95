"""The same clients and the same server functions as a Flower application: Flower carries the messages.

Flower is not installed with this package: its pins and the pipeline's do not go together (docs/federated.md says
which), so that it has an environment of its own. Nothing here imports it before it is asked for.

A device's memory is in its node's context between messages, as a device's would be in its storage. Keys are made in a
first phase `enrol`, in which the server collects the directory and hands it out: whoever runs this for real has the
directory vouched for by someone else (docs/federated.md).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

from ...errors import Refused
from .client import Client, Compute
from .device import Device
from .masks import new_private_key, public_key
from .rounds import Ask, Outgoing
from .sizes import Crowd
from .terms import Directory

_RECORD, _MEMORY = "message", "memory"


def client_app(compute_of: Callable[[int], Compute], most_squared_mu: float) -> Any:
    """A `flwr.clientapp.ClientApp`, a device for each node; `compute_of` gives what the device of a place computes."""
    from flwr.app import ConfigRecord, Message, RecordDict
    from flwr.clientapp import ClientApp

    app = ClientApp()

    def answer(message: Any, context: Any) -> Any:
        told = message.content[_RECORD]
        memory = context.state.get(_MEMORY, ConfigRecord())
        try:
            said = answered(str(told["phase"]), bytes(told["body"]), memory, compute_of, most_squared_mu)
            reply = ConfigRecord({"body": said, "refused": False})
        except Refused:
            reply = ConfigRecord({"body": b"", "refused": True})
        context.state[_MEMORY] = memory
        return Message(RecordDict({_RECORD: reply}), reply_to=message)

    app.query()(answer)
    return app


def answered(
    phase: str, body: bytes, memory: MutableMapping[str, Any], compute_of: Callable[[int], Compute], limit: float
) -> bytes:
    """What a node answers to a phase, its device's memory taken up before and put away after. Raises Refused."""
    if phase == "enrol":
        memory["private"] = new_private_key()
        return public_key(memory["private"])
    if phase == "directory":
        told = json.loads(body)
        memory["place"], memory["keys"] = told["place"], b"".join(map(bytes.fromhex, told["keys"]))
        memory["crowd"] = json.dumps(told["crowd"])
        if told["keys"][told["place"]] != public_key(memory["private"]).hex():
            raise Refused("a directory that does not have this device: refused")
        return b""
    keys = tuple(memory["keys"][at : at + 32] for at in range(0, len(memory["keys"]), 32))
    directory = Directory(keys, Crowd(*json.loads(memory["crowd"])))
    client = Client(Device(memory["place"], memory["private"], directory, limit), compute_of(memory["place"]))
    if "round" in memory:
        client.remember(memory["round"])
    try:
        return client.answer(phase, body)
    finally:
        memory["round"] = client.memory()


class Fleet:
    """The nodes of a Flower grid as enrolled devices."""

    def __init__(self, grid: Any, crowd: Crowd, timeout: float = 600.0) -> None:
        self.grid, self.timeout, devices = grid, timeout, crowd.clients
        self.nodes = self._nodes(devices)
        found = dict(self._send("enrol", ((n, b"") for n in range(devices))))
        self.directory = Directory(tuple(found[n] for n in range(devices)), crowd)
        told = {"keys": [key.hex() for key in self.directory.keys], "crowd": crowd}
        list(self._send("directory", ((n, json.dumps({**told, "place": n}).encode()) for n in range(devices))))

    def ask(self) -> Ask:
        """What `rounds.conduct` sends messages with."""
        return self._send

    def _nodes(self, devices: int) -> list[int]:
        until = time.monotonic() + self.timeout
        while len(nodes := sorted(self.grid.get_node_ids())) < devices:
            if time.monotonic() > until:
                raise Refused(f"{len(nodes)} nodes came, {devices} are needed")
            time.sleep(0.1)
        return nodes[:devices]

    def _send(self, phase: str, outgoing: Outgoing) -> Iterator[tuple[int, bytes]]:
        from flwr.app import ConfigRecord, Message, MessageType, RecordDict

        def made() -> Iterable[Any]:
            for place, body in outgoing:
                record = RecordDict({_RECORD: ConfigRecord({"phase": phase, "body": body})})
                yield Message(record, dst_node_id=self.nodes[place], message_type=MessageType.QUERY)

        places = {node: place for place, node in enumerate(self.nodes)}
        for reply in self.grid.send_and_receive(list(made()), timeout=self.timeout):
            if reply.has_content() and not (said := reply.content[_RECORD])["refused"]:
                yield places[reply.metadata.src_node_id], bytes(said["body"])
