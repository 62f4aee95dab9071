"""Days of heavy rain and of smog, and how many people report on which day and hour: Bangkok's year in rough strokes."""

from __future__ import annotations

from bisect import bisect
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random

from prasan.city.registers import registers

DAYS = 540  # a demonstration's past
RAIN_BY_MONTH = (0.02, 0.03, 0.06, 0.1, 0.25, 0.22, 0.22, 0.28, 0.38, 0.32, 0.1, 0.03)
SMOG_BY_MONTH = (0.4, 0.35, 0.2, 0.05, 0, 0, 0, 0, 0, 0.03, 0.1, 0.3)
HOURS = (2, 1, 1, 1, 1, 3, 7, 12, 14, 13, 11, 10, 9, 9, 9, 9, 10, 12, 13, 12, 10, 8, 6, 4)
WEEKEND = 0.72
GROWTH = 0.6  # how much busier the last day is than the first


class Weather:
    """Which days were wet or hazy, and moments drawn by how busy days and hours are; `until` is the last moment."""

    def __init__(self, seed: int, until: datetime) -> None:
        rng = Random(f"{seed}:weather")  # noqa: S311
        zone = registers().calendar.zone
        self._until = until
        self._last = until.astimezone(zone).date()
        self._zone = zone
        days = [self._last - timedelta(days=back) for back in range(DAYS)][::-1]
        self.rainy = {day for day in days if rng.random() < RAIN_BY_MONTH[day.month - 1]}
        self.hazy = {day for day in days if rng.random() < SMOG_BY_MONTH[day.month - 1]}
        self._days = days
        self._until_day = list(accumulate(self._busy(index, day) for index, day in enumerate(days)))
        self._until_hour = list(accumulate(HOURS))

    def _busy(self, index: int, day: date) -> float:
        weekend = WEEKEND if day.weekday() >= 5 else 1.0
        return weekend * (1 + GROWTH * index / DAYS) * (1.8 if day in self.rainy else 1.0)

    def draw(self, rng: Random) -> tuple[datetime, date]:
        """A moment before `until`, and its day in the city."""
        while True:
            day = self._days[bisect(self._until_day, rng.random() * self._until_day[-1])]
            hour = bisect(self._until_hour, rng.random() * self._until_hour[-1])
            clock = time(hour, rng.randrange(60), rng.randrange(60), rng.randrange(1_000_000))
            moment = datetime.combine(day, clock, self._zone)
            if moment < self._until:
                return moment, day
