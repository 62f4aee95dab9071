"""Numbers of the city attached to a proposal: frozen with their date, read again beside today's."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Invalid
from prasan.portfolio.actions.proposals import changing
from prasan.portfolio.models import Evidence
from prasan.portfolio.queries.evidence import reading

MOST_MONTHS = 60
MOST_EVIDENCE = 20


def evidence_attach(
    *, actor: Actor, code: str, indicator: str, areas: Sequence[str] = (), months: int = 12, origin: str = ""
) -> Evidence:
    """Attach a city indicator over the last full `months`, in these areas (none: the whole city).

    Its value of today is kept with its date. Raises Invalid, and as `changing` does.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise Invalid({"months": _("Months are a number from 1 to %(most)d.") % {"most": MOST_MONTHS}})
    unknown = [area for area in areas if area not in registers().areas]
    if unknown:
        raise Invalid({"areas": _("There is no such district.")})
    with changing("attach", actor=actor, code=code, origin=origin) as change:
        if change.proposal.evidence.count() >= MOST_EVIDENCE:
            raise Invalid({"indicator": _("At most %(most)d, please.") % {"most": MOST_EVIDENCE}})
        found = reading(indicator, areas, months)
        if found is None:
            raise Invalid({"indicator": _("The city has no such number for these places and months.")})
        evidence = Evidence.objects.create(
            proposal=change.proposal,
            indicator=indicator,
            areas=list(areas),
            months=months,
            value=found.value,
            unit=found.unit,
            until=found.until,
            by_id=actor.id,
        )
        change.extra |= {"indicator": indicator, "areas": list(areas), "months": months}
    return evidence


def evidence_remove(*, actor: Actor, code: str, evidence: int, origin: str = "") -> None:
    """Take a number off again."""
    with changing("attach", actor=actor, code=code, origin=origin) as change:
        removed, _rows = change.proposal.evidence.filter(pk=evidence).delete()
        if not removed:
            raise Invalid({"evidence": _("This was removed already.")})
        change.extra |= {"removed": evidence}
