"""The portfolio's API."""

from prasan.portfolio.api.systems import router as systems_router

__all__ = ["systems_router"]
