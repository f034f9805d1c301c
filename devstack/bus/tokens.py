"""Which tokens open the broker: what is put to the node `$cbs`. Pure but for the clock.

A shared key's token is taken as it is: what only this machine can reach has nothing to guard. A
token of Entra ID is held to what the service holds it to, where the broker knows the issuer's key.
Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide
(claims-based security)
"""

import jwt

from devstack.bus.amqp_request import Request
from devstack.bus.management import Answer

AUDIENCE = "https://servicebus.azure.net"
_SHARED_KEY = "SharedAccessSignature "
_ACCEPTED = Answer(status=202, description="Accepted")


class TokenCheck:
    """Answers `put-token`. Without a key every token is taken."""

    def __init__(self, public_key: bytes | None = None) -> None:
        """`public_key`: PEM, of the RSA key that signs Entra ID's tokens."""
        self._key = public_key

    def answer(self, request: Request) -> Answer:
        """Accept the token, or refuse it in the service's words."""
        # By the token itself: the Python SDK calls those of a shared key `jwt`, too.
        if self._key is None or request.token.startswith(_SHARED_KEY):
            return _ACCEPTED
        try:
            jwt.decode(
                request.token,
                self._key,
                algorithms=["RS256"],
                audience=[AUDIENCE, f"{AUDIENCE}/"],
                options={"require": ["exp", "aud", "appid"]},
            )
        except jwt.InvalidAudienceError:
            # azure-sdk-for-js issue 26360
            return _refused("InvalidAudience: Invalid authorization token audience.")
        except jwt.ExpiredSignatureError:
            return _refused("ExpiredToken: The token is expired.")
        except jwt.InvalidTokenError:
            return _refused("InvalidSignature: The token has an invalid signature.")
        return _ACCEPTED


ANY_TOKEN = TokenCheck()


def _refused(description: str) -> Answer:
    return Answer(status=401, description=description, condition="amqp:unauthorized-access")
