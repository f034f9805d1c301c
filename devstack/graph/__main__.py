"""`python -m devstack.graph --port N`: serves the simulator on 127.0.0.1 until told to stop."""

import argparse
import asyncio
import secrets
import sys

from aiohttp import web

from devstack.graph import identities
from devstack.graph.identities import Tenant
from devstack.graph.identity_options import (
    add_identity_options,
    identities_of,
    start_tls,
    token_key_of,
)
from devstack.graph.server import build_app
from devstack.graph.simulator import build_simulator
from devstack.graph.switches import WORLDS
from devstack.graph.tokens import BOT_ISSUER, GRAPH_ISSUER
from devstack.serving import announce, stop_event
from devstack.switches import SwitchMistake, add_switch_options, chosen


def main() -> int:
    """Run until SIGTERM, SIGINT or, where asked for, the end of stdin; return the exit code."""
    return asyncio.run(_serve(_options()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.graph", description=__doc__)
    parser.add_argument("--port", type=int, default=7072, help="0 takes any free port")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin ends")
    parser.add_argument("--tenant", default=identities.TENANT_ID)
    parser.add_argument("--bot-app-id", default=identities.BOT_APP_ID)
    parser.add_argument("--organizer", action="append", help="object id; may be repeated")
    parser.add_argument("--organizer-without-policy", action="append", help="may be repeated")
    parser.add_argument("--identity-header", default=identities.IDENTITY_HEADER)
    parser.add_argument("--calling-webhook", help="what the bot's channel of Teams names")
    add_identity_options(parser)
    parser.add_argument(
        "--callback-issuer", default=GRAPH_ISSUER, choices=[GRAPH_ISSUER, BOT_ISSUER]
    )
    add_switch_options(parser)
    parser.add_argument("--seed", type=int, help="repeatable ids, variation and luck")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> int:
    try:
        switches = chosen(WORLDS, options)
    except SwitchMistake as mistake:
        _report(f"--switch {mistake}")
        return 1
    usual = Tenant()
    tenant = Tenant(
        tenant_id=options.tenant,
        bot_app_id=options.bot_app_id,
        organizers=_ids(options.organizer, usual.organizers),
        without_policy=_ids(options.organizer_without_policy, usual.without_policy),
        identities=identities_of(options),
    )
    simulator = build_simulator(
        tenant=tenant,
        seed=secrets.randbits(64) if options.seed is None else options.seed,
        report=_report,
        identity_header=options.identity_header,
        issuer=options.callback_issuer,
        switches=switches,
        token_key=token_key_of(options),
        calling_webhook=options.calling_webhook,
    )
    stop = stop_event(with_stdin=options.exit_with_stdin)
    # An answer held by a fault must not hold up the end.
    runner = web.AppRunner(build_app(simulator), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", options.port).start()
        await start_tls(runner, options)
    except OSError as error:
        reason = error.strerror or str(error)
        _report(f"port {options.port} is taken: {reason}; set DEVSTACK_GRAPH_PORT to another")
        await runner.cleanup()
        return 1
    announce("graph", runner.addresses[0][1])
    await stop.wait()
    await runner.cleanup()
    return 0


def _ids(given: list[str] | None, usual: frozenset[str]) -> frozenset[str]:
    return usual if given is None else frozenset(one.lower() for one in given)


def _report(line: str) -> None:
    sys.stderr.write(f"graph: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
