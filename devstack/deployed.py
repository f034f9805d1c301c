"""A stack on which the app proves itself as a deployed one does: by identity and without keys.

The bus and the tables go on taking keys: tests and clients of one machine have no identity.
"""

import os
from dataclasses import dataclass

from devstack.endpoints import deployed_settings
from devstack.graph.identities import USER_IDENTITY
from devstack.trust.certificates import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What the parts of such a stack are started with. `authority_port`: Entra ID's, with TLS."""

    trust: Trust
    authority_port: int

    def options(self, part: str) -> list[str]:
        """Return the options of `bus`, `tables` or `graph`."""
        tls = ["--certificate", str(self.trust.certificate), "--key", str(self.trust.key)]
        match part:
            case "bus":
                return [*tls, "--token-key", str(self.trust.token_public_key)]
            case "graph":
                return [
                    *tls,
                    *("--tls-port", str(self.authority_port)),
                    *("--user-identity", USER_IDENTITY, "--federated", USER_IDENTITY),
                ]
            case _:
                return tls

    def settings(self, tables_port: int) -> dict[str, str]:
        """Return the settings of the app that differ, and what its process trusts."""
        trusted = self.trust.environment(os.environ.get("PYTHONPATH", ""))
        return deployed_settings(tables_port, self.authority_port) | trusted
