"""What officers say of a likeness that was shown to them: kept with what was shown, also for tuning."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.problems import Invalid
from prasan.portfolio.actions.proposals import changing
from prasan.portfolio.models import Proposal, System, Verdict
from prasan.portfolio.overlap import Match


def verdict_give(
    *, actor: Actor, code: str, other: str, kind: str, reason: str, shown: Match, origin: str = ""
) -> Verdict:
    """Keep an officer's word on the likeness of a proposal and `other` (a proposal's or a system's code).

    `shown` is what they saw. The last word counts; earlier ones stay. Raises Invalid, and as `changing` does.
    """
    if kind not in Verdict.Kind.values:
        raise Invalid({"kind": _("Please choose one of these.")})
    with changing("verdict", actor=actor, code=code, note=reason, origin=origin) as change:
        target = _target(other, change.proposal)
        verdict = Verdict.objects.create(
            proposal=change.proposal,
            **target,
            shown_kind=shown.kind if shown.kind in Verdict.Kind.values else Verdict.Kind.FALSE_ALARM,
            shown_score=shown.score,
            features=dict(shown.features),
            kind=kind,
            reason=change.note,
            by_id=actor.id,
        )
        change.extra |= {"other": other, "shown": shown.kind, "kind": kind}
        change.note = ""  # the reason stands with the verdict, not once more among the steps
    return verdict


def _target(code: str, proposal: Proposal) -> dict[str, Proposal | System]:
    found = (
        Proposal.objects.filter(code=code).exclude(pk=proposal.pk).first()
        if read_code(code) == code
        else None
    )
    if found is not None:
        return {"other": found}
    system = System.objects.filter(code=code).first()
    if system is None:
        raise Invalid({"other": _("There is none with the code “%(code)s”.") % {"code": code}})
    return {"system": system}
