"""The parts of the benchmark that run in one process: that they run, and what they count.

Times are figures to read, and no test. How often the table is asked is a law: a notification costs
what the first ones did.
"""

import pytest

from bench.callback_age import age_figures, measured_ages
from bench.callback_size import measured_sizes, size_figures
from bench.day_view import measured_view, view_figures
from bench.live_hour import hour_figures, measured_hours
from bench.reading import measured_reading, reading_figures
from bench.town_hall import measured_town_hall, town_hall_figures

pytestmark = pytest.mark.long


async def test_the_5000th_notification_asks_the_table_as_often_as_the_10th() -> None:
    requests = age_figures(await measured_ages())[0]
    assert requests.held, requests


async def test_a_town_hall_leaves_a_log_of_a_megabyte_at_most() -> None:
    log = town_hall_figures(await measured_town_hall())[0]
    assert log.held, log


async def test_the_other_parts_in_one_process_are_measured() -> None:
    assert size_figures(await measured_sizes())
    assert hour_figures(await measured_hours())
    assert reading_figures(await measured_reading())
    assert view_figures(measured_view())
