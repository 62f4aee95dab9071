"""The reports API: `schemas` says what goes in and out, `reports` and `steps` hold the operations."""

from prasan.reports.api.registers import router as registers_router
from prasan.reports.api.reports import router as reports_router
from prasan.reports.api.steps import router as steps_router

__all__ = ["registers_router", "reports_router", "steps_router"]
