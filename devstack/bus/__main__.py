"""Run the local Service Bus: `python -m devstack.bus --port N [--config FILE]`."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from devstack.bus.broker import Broker
from devstack.bus.config import ConfigError, Namespace, parse
from devstack.bus.directory import Directory
from devstack.bus.tls import TlsPortTaken, listening_with_tls
from devstack.bus.tokens import TokenCheck
from devstack.serving import announce, stop_event

_DEFAULT_CONFIG = Path(__file__).with_name("Config.json")


def main() -> int:
    """Serve until a signal or the end of stdin; 0 when stopped, 1 when it could not start."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="service bus: %(message)s")
    try:
        namespace = parse(arguments.config.read_text(encoding="utf-8"))
    except OSError as exc:
        return _fail(f"cannot read {arguments.config}: {exc.strerror}")
    except ConfigError as exc:
        return _fail("\n".join(f"{arguments.config}: {each}" for each in exc.problems))
    try:
        asyncio.run(_serve(namespace, arguments))
    except TlsPortTaken as exc:
        return _fail(str(exc))
    except OSError as exc:
        return _fail(
            f"port {arguments.port} is taken: {exc.strerror}; set DEVSTACK_BUS_PORT to another"
        )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.bus", description=__doc__)
    parser.add_argument("--port", type=int, default=5672, help="0 for any free port")
    parser.add_argument("--config", type=Path, default=_DEFAULT_CONFIG, help="a Config.json")
    parser.add_argument("--certificate", type=Path, help="PEM: listen with TLS, too")
    parser.add_argument("--key", type=Path, help="PEM: the private key of the certificate")
    parser.add_argument("--token-key", type=Path, help="PEM: the key tokens are checked with")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin ends")
    return parser.parse_args()


async def _serve(namespace: Namespace, options: argparse.Namespace) -> None:
    stopped = stop_event(with_stdin=options.exit_with_stdin)
    key = options.token_key
    broker = Broker(Directory(namespace), tokens=TokenCheck(key.read_bytes() if key else None))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(broker.new_wire, "127.0.0.1", options.port)
    async with listening_with_tls(broker.new_wire, options.certificate, options.key):
        announce("bus", server.sockets[0].getsockname()[1])
        await stopped.wait()
        server.close()
        broker.close()
        await server.wait_closed()


def _fail(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
