"""Run the local Service Bus: `python -m devstack.bus --port N [--config FILE]`."""

import argparse
import asyncio
import logging
import secrets
import sys
from pathlib import Path

from aiohttp import web

from devstack.bus.bounds import BOUNDS
from devstack.bus.broker import Broker
from devstack.bus.config import ConfigError, Namespace, parse
from devstack.bus.directory import Directory
from devstack.bus.lab import build_lab
from devstack.bus.switches import WORLDS
from devstack.bus.tls import TlsPortTaken, listening_with_tls
from devstack.bus.tokens import TokenCheck
from devstack.bus.trouble import Trouble
from devstack.serving import announce, stop_event
from devstack.switches import SwitchMistake, add_switch_options, chosen

_DEFAULT_CONFIG = Path(__file__).with_name("Config.json")


class _PortTaken(Exception):
    """The message names the port, and how another is chosen."""


def main() -> int:
    """Serve until a signal or the end of stdin; 0 when stopped, 1 when it could not start."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="service bus: %(message)s")
    try:
        switches = chosen(WORLDS, arguments)
        text = arguments.config.read_text(encoding="utf-8")
        namespace = parse(text, BOUNDS[switches.bounds])
    except SwitchMistake as mistake:
        return _fail(f"--switch {mistake}")
    except OSError as exc:
        return _fail(f"cannot read {arguments.config}: {exc.strerror}")
    except ConfigError as exc:
        return _fail("\n".join(f"{arguments.config}: {each}" for each in exc.problems))
    seed = secrets.randbits(64) if arguments.seed is None else arguments.seed
    try:
        asyncio.run(_serve(namespace, Trouble(switches, seed=seed), arguments))
    except (_PortTaken, TlsPortTaken) as taken:
        return _fail(str(taken))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.bus", description=__doc__)
    parser.add_argument("--port", type=int, default=5672, help="0 for any free port")
    parser.add_argument("--config", type=Path, default=_DEFAULT_CONFIG, help="a Config.json")
    parser.add_argument("--lab-port", type=int, default=0, help="of /lab; 0 for any free port")
    add_switch_options(parser)
    parser.add_argument("--seed", type=int, help="repeatable luck")
    parser.add_argument("--certificate", type=Path, help="PEM: listen with TLS, too")
    parser.add_argument("--key", type=Path, help="PEM: the private key of the certificate")
    parser.add_argument("--token-key", type=Path, help="PEM: the key tokens are checked with")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin ends")
    return parser.parse_args()


async def _serve(namespace: Namespace, trouble: Trouble, options: argparse.Namespace) -> None:
    stopped = stop_event(with_stdin=options.exit_with_stdin)
    directory = Directory(
        namespace, dead_letter_locks_count=trouble.switches.dead_letter_locks_count
    )
    key = options.token_key
    tokens = TokenCheck(key.read_bytes() if key else None)
    broker = Broker(directory, trouble=trouble, tokens=tokens)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(broker.new_wire, "127.0.0.1", options.port)
    except OSError as exc:
        raise _PortTaken(
            f"port {options.port} is taken: {exc.strerror}; set DEVSTACK_BUS_PORT to another"
        ) from exc
    lab = web.AppRunner(build_lab(broker, namespace), access_log=None, shutdown_timeout=0.2)
    await lab.setup()
    try:
        try:
            await web.TCPSite(lab, "127.0.0.1", options.lab_port).start()
        except OSError as exc:
            raise _PortTaken(f"port {options.lab_port} of /lab is taken: {exc.strerror}") from exc
        async with listening_with_tls(broker.new_wire, options.certificate, options.key):
            announce("bus", server.sockets[0].getsockname()[1], lab=lab.addresses[0][1])
            await stopped.wait()
            broker.close()
    finally:
        server.close()
        broker.close()
        await asyncio.gather(server.wait_closed(), lab.cleanup())


def _fail(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
