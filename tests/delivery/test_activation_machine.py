"""Any sequence of activating, freeing, changing limits and stopping, against a plain set of names."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from delivery.activating import activate, deactivate, validate
from delivery.errors import ActivationLimitReached, LicenseStopped, NotActivated
from delivery.finding import Question
from delivery.models import Activation, License
from tests.factories import make_license

# One site under several spellings, two others, and two that take no place.
SITES = {
    "one.com": "one.com",
    "https://www.ONE.com/": "one.com",
    "two.com": "two.com",
    "three.com/shop": "three.com/shop",
    "staging.one.com": "",
    "localhost": "",
}


class Activations(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        Activation.objects.all().delete()
        self.license = make_license(activation_limit=2)
        self.limit = 2
        self.taken: set[str] = set()
        self.free: set[str] = set()
        self.standing = "active"

    def ask(self, site: str) -> Question:
        return Question(key=self.license.key, instance=site)

    def is_used(self, site: str) -> bool:
        return SITES[site] in self.taken or site in self.free

    @rule(site=st.sampled_from(list(SITES)))
    def activate(self, site: str) -> None:
        counted = SITES[site]
        if self.standing != "active":
            with pytest.raises(LicenseStopped):
                activate(self.ask(site))
        elif counted and counted not in self.taken and self.limit and len(self.taken) >= self.limit:
            with pytest.raises(ActivationLimitReached):
                activate(self.ask(site))
        else:
            (self.taken if counted else self.free).add(counted or site)
            assert activate(self.ask(site)).used == len(self.taken)

    @rule(site=st.sampled_from(list(SITES)))
    def deactivate(self, site: str) -> None:
        if not self.is_used(site):
            with pytest.raises(NotActivated):
                deactivate(self.ask(site))
            return
        self.taken.discard(SITES[site])
        self.free.discard(site)
        assert deactivate(self.ask(site)).used == len(self.taken)

    @rule(site=st.sampled_from(list(SITES)))
    def validate(self, site: str) -> None:
        if self.standing != "active":
            with pytest.raises(LicenseStopped) as refusal:
                validate(self.ask(site))
            assert refusal.value.code == self.standing
        elif self.is_used(site):
            assert validate(self.ask(site)).used == len(self.taken)
        else:
            with pytest.raises(NotActivated):
                validate(self.ask(site))

    @rule(limit=st.integers(0, 3))
    def set_limit(self, limit: int) -> None:
        self.license.set_limit(limit)
        self.limit = limit

    @rule(standing=st.sampled_from(["active", "suspended", "expired", "revoked"]))
    def stop_or_go_on(self, standing: str) -> None:
        if self.standing == "revoked":
            assert not self.license.resume()
            return
        {"suspended": self.license.suspend, "revoked": self.license.revoke}.get(
            standing, self.license.resume
        )()
        if standing != "revoked":
            past = timezone.now() - timedelta(hours=1)
            self.license.set_expiry(past if standing == "expired" else None)
        self.standing = standing

    @invariant()
    def rows_say_the_same(self) -> None:
        kept = Activation.objects.in_use()
        assert set(kept.filter(is_free=False).values_list("instance", flat=True)) == self.taken
        assert set(kept.filter(is_free=True).values_list("instance", flat=True)) == self.free
        assert License.objects.get(pk=self.license.pk).standing == self.standing


class TestActivations(TestCase):
    def test_any_sequence(self) -> None:
        run_state_machine_as_test(Activations, settings=settings(max_examples=25, stateful_step_count=25))
