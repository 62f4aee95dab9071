"""How committees decide, over many cases."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.committee.rules import (
    AGENDAS,
    Choice,
    Rules,
    days_of_notice,
    may_be_second_call,
    presiding,
    quorum,
    tally,
)
from prasan.fabric.problems import Invalid

PEOPLE = st.sets(st.integers(1, 40), max_size=25)
SHARES = st.sampled_from(["1/2", "1/3", "2/3", "3/4", "1/1"])
CHOICES = st.sampled_from(["agree", "against", "abstain"])
VOTES = st.dictionaries(st.integers(1, 40), CHOICES)


@given(PEOPLE, PEOPLE, PEOPLE, SHARES)
def test_a_quorum_is_the_share_of_those_who_count_and_never_nobody(
    members: set[int], present: set[int], recused: set[int], share: str
) -> None:
    found = quorum(members, present, Rules(quorum=share), recused=recused)
    counted = members - recused
    assert found.members == len(counted)
    assert found.present == len(counted & present)
    assert found.needed >= 1
    assert found.is_met == (
        found.present >= 1 and Fraction(found.present, max(1, len(counted))) >= Fraction(share)
    )


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (9, 5), (10, 5)])
def test_half_of_the_members_are_a_quorum(members: int, needed: int) -> None:
    assert quorum(range(members), [], Rules()).needed == needed


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (3, 1), (4, 2), (5, 2), (9, 3), (10, 4)])
def test_a_third_is_enough_on_the_second_call(members: int, needed: int) -> None:
    assert quorum(range(members), [], Rules(), second_call=True).needed == needed


@given(PEOPLE, PEOPLE, st.integers(1, 40))
def test_a_recusal_takes_the_member_out_of_both_numbers_or_of_none(
    members: set[int], present: set[int], recused: int
) -> None:
    before = quorum(members, present, Rules())
    after = quorum(members, present, Rules(), recused=[recused])
    assert before.members - after.members == (recused in members)
    assert before.present - after.present == (recused in members & present)
    assert quorum(members, present, Rules(recused_leave=False), recused=[recused]) == before


@given(PEOPLE, PEOPLE)
def test_who_comes_never_breaks_a_quorum(members: set[int], present: set[int]) -> None:
    if quorum(members, present, Rules()).is_met:
        for more in members:
            assert quorum(members, present | {more}, Rules()).is_met


@given(VOTES, PEOPLE)
def test_only_those_entitled_are_counted_and_each_once(votes: dict[int, Choice], entitled: set[int]) -> None:
    found = tally(votes, entitled, Rules())
    assert found.cast + len(found.missing) == len(entitled)
    assert found == tally(
        {member: votes[member] for member in votes if member in entitled}, entitled, Rules()
    )


@given(VOTES, PEOPLE, CHOICES)
def test_a_majority_stands_whatever_the_casting_vote_and_a_tie_follows_it(
    votes: dict[int, Choice], entitled: set[int], casting: Choice
) -> None:
    plain, cast = (tally(votes, entitled, Rules(), casting=vote) for vote in (None, casting))
    if plain.agree > plain.against:
        assert (plain.verdict, cast.verdict) == ("carried", "carried")
    elif plain.agree < plain.against:
        assert (plain.verdict, cast.verdict) == ("lost", "lost")
    elif plain.agree:
        assert plain.verdict == "tie"
        assert cast.verdict == {"agree": "carried", "against": "lost", "abstain": "tie"}[casting]
        assert tally(votes, entitled, Rules(casting_vote=False), casting=casting).verdict == "lost"
    else:
        assert (plain.verdict, cast.verdict) == ("open", "open")


@given(VOTES, PEOPLE)
def test_where_a_majority_of_those_present_is_asked_an_abstention_works_against(
    votes: dict[int, Choice], entitled: set[int]
) -> None:
    rules = Rules(majority="present")
    found = tally(votes, entitled, rules)
    if found.agree or found.against:
        assert (found.verdict == "carried") == (2 * found.agree > len(entitled))
    against = {member: "against" if vote == "abstain" else vote for member, vote in votes.items()}
    if found.verdict != "open":
        assert tally(against, entitled, rules).verdict == found.verdict  # type: ignore[arg-type]


@given(PEOPLE, st.one_of(st.none(), st.integers(1, 40)))
def test_who_presides_is_always_there_and_the_chair_comes_first(
    available: set[int], elected: int | None
) -> None:
    found = presiding([(5, "member"), (2, "vice"), (1, "chair"), (3, "vice")], available, elected)
    if 1 in available:
        assert found == 1
    elif {2, 3} & available:
        assert found == (2 if 2 in available else 3)
    else:
        assert found == (elected if elected in available else None)


def test_a_second_call_is_later_and_within_its_days() -> None:
    first = date(2026, 3, 1)
    allowed = [days for days in range(-2, 20) if may_be_second_call(first, first + timedelta(days), Rules())]
    assert allowed == list(range(1, 15))
    assert days_of_notice(first, first + timedelta(3)) == 3


@pytest.mark.parametrize(
    ("given_rules", "field"),
    [
        ({"quorum": "0"}, "quorum"),
        ({"quorum": "3/2"}, "quorum"),
        ({"quorum": "1/0"}, "quorum"),
        ({"quorum": "half"}, "quorum"),
        ({"quorum": 0.5}, "quorum"),
        ({"second_call_days": -1}, "second_call_days"),
        ({"notice_days": "three"}, "notice_days"),
        ({"notice_days": True}, "notice_days"),
        ({"agenda": "seven"}, "agenda"),
        ({"majority": "loudest"}, "majority"),
        ({"casting_vote": "yes"}, "casting_vote"),
        ({"quorun": "1/2"}, "quorun"),
    ],
)
def test_a_rule_that_can_not_be_meant_is_refused_by_its_name(
    given_rules: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        Rules.of(given_rules)
    assert list(refused.value.errors) == [field]


def test_rules_survive_being_stored() -> None:
    rules = Rules(quorum="2/3", agenda="six", casting_vote=False)
    assert Rules.of(rules.as_json()) == rules
    assert [len(AGENDAS[name]) for name in ("five", "six")] == [5, 6]
