"""The request-response nodes `$cbs` and `$management`: a link for requests, one for answers."""

import logging
from collections.abc import Callable

from proton import Delivery, Disposition, Link, Receiver, Sender

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_request import Request, parse_request, reply
from devstack.bus.amqp_types import MalformedAmqpError
from devstack.bus.management import Answer
from devstack.bus.roles import read, reject

logger = logging.getLogger(__name__)

_CREDIT = 100
# The two nodes spell the same three answers differently.
CBS_NAMES = ("status-code", "status-description", "error-condition")
MANAGEMENT_NAMES = ("statusCode", "statusDescription", "errorCondition")


class RequestLink:
    """Takes requests, has them answered, and sends the answer to where the client listens."""

    path = None

    def __init__(
        self,
        link: Receiver,
        replies: "dict[str, ReplyLink]",
        answer: Callable[[Request], Answer],
        *,
        node: str,
        names: tuple[str, str, str],
    ) -> None:
        self._link = link
        self._replies = replies
        self._answer = answer
        self._node = node
        self._names = names
        link.open()
        link.flow(_CREDIT)

    def flow(self) -> None:
        """Credit is the broker's to give here."""

    def gone(self, *, closed: bool) -> None:
        """Requests leave nothing behind."""

    def delivery(self, delivery: Delivery) -> None:
        encoded = read(self._link, delivery)
        if encoded is None:
            return
        self._link.advance()
        try:
            request = parse_request(encoded)
        except MalformedAmqpError as exc:
            reject(delivery, "amqp:decode-error", str(exc))
        else:
            delivery.update(Disposition.ACCEPTED)
            self._reply(request, self._answer(request))
        delivery.settle()
        self._link.flow(1)

    def _reply(self, request: Request, answer: Answer) -> None:
        status, description, condition = self._names
        facts = [
            (status, amqp.int32(answer.status)),
            (description, amqp.string(answer.description)),
        ]
        if answer.condition is not None:
            facts.append((condition, amqp.symbol(answer.condition)))
        # The Python SDK's requests to $cbs name no address; the answer goes to the link that
        # listens to the node.
        link = self._replies.get(request.reply_to or self._node)
        if link is None:
            logger.warning("request %s names no link for its answer", request.operation)
            return
        link.send_answer(
            reply(correlation_id=request.encoded_id, application_properties=facts, body=answer.body)
        )


class ReplyLink:
    """Carries answers to the client, which names the link by its target's address or its name.

    The Python SDK gives its link an address; the JavaScript SDK's `$cbs` link has a name alone.
    """

    path = None

    def __init__(self, link: Sender, replies: "dict[str, ReplyLink]", *, node: str) -> None:
        self._link = link
        self._replies = replies
        self._addresses = (link.remote_target.address or node, link.name, node)
        self._count = 0
        replies.update(dict.fromkeys(self._addresses, self))
        link.snd_settle_mode = Link.SND_SETTLED
        link.open()

    def send_answer(self, encoded: bytes) -> None:
        self._count += 1
        delivery = self._link.delivery(str(self._count))
        self._link.send(encoded)
        self._link.advance()
        delivery.settle()

    def flow(self) -> None:
        if self._link.drain_mode:
            self._link.drained()

    def gone(self, *, closed: bool) -> None:
        for address in self._addresses:
            if self._replies.get(address) is self:
                del self._replies[address]

    def delivery(self, delivery: Delivery) -> None:
        """Answers are sent settled: nothing comes back."""
