"""`AutoDeleteOnIdle`: what nobody uses is deleted; time is the loop's."""

import asyncio

from devstack.bus.idle import IdleWatch


async def test_what_is_idle_for_its_time_expires_once() -> None:
    """However its name is written."""
    expired: asyncio.Queue[str] = asyncio.Queue()
    watch = IdleWatch(asyncio.get_running_loop())

    def expire() -> bool:
        expired.put_nowait("own")
        watch.forget("own")
        return True

    watch.watch("Own", 0.02, expire)
    async with asyncio.timeout(5):
        assert await expired.get() == "own"
    watch.close()


async def test_a_use_puts_it_off() -> None:
    """Counted from the last use, not from the first look."""
    loop = asyncio.get_running_loop()
    expired = loop.create_future()
    watch = IdleWatch(loop)

    def expire() -> bool:
        expired.set_result(loop.time())
        return True

    watch.watch("own", 0.2, expire)
    await asyncio.wait([expired], timeout=0.1)
    used_at = loop.time()
    watch.used("OWN")
    async with asyncio.timeout(5):
        assert await expired >= used_at + 0.2


async def test_what_cannot_go_yet_is_looked_at_again() -> None:
    """A queue with scheduled messages is not idle."""
    looks: asyncio.Queue[bool] = asyncio.Queue()
    answers = iter((False, True))
    watch = IdleWatch(asyncio.get_running_loop())

    def expire() -> bool:
        gone = next(answers)
        looks.put_nowait(gone)
        return gone

    watch.watch("own", 0.02, expire)
    async with asyncio.timeout(5):
        assert [await looks.get(), await looks.get()] == [False, True]
    watch.close()
