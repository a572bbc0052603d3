from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from delivery.activating import activate, deactivate, validate
from delivery.errors import (
    ActivationLimitReached,
    InstanceNotUsable,
    LicenseNotFound,
    LicenseStopped,
    NotActivated,
    TooManyGuesses,
)
from delivery.finding import GUESSES, Facts, Question, Use
from delivery.models import Activation, License
from tests.factories import make_license

pytestmark = pytest.mark.django_db


def ask(license_: License, instance: str = "", **more: Any) -> Question:
    return Question(key=license_.key, instance=instance, **more)


def use_of(facts: Facts | None) -> Use:
    assert facts is not None
    assert facts.use is not None
    return facts.use


def test_a_place_is_taken_once_and_found_again() -> None:
    license_ = make_license(activation_limit=2)

    first = activate(ask(license_, "https://www.example.com/"))
    again = activate(ask(license_, "example.com"))
    found = validate(ask(license_, "EXAMPLE.com"))

    assert {use_of(each).uid for each in (first, again, found)} == {Activation.objects.get().uid}
    assert (first.used, first.left, again.used, found.used) == (1, 1, 1, 1)
    assert use_of(found).name == "https://www.example.com/"
    assert use_of(found).activated_at == Activation.objects.get().activated_at


def test_the_limit_holds_and_a_freed_place_can_be_taken() -> None:
    license_ = make_license(activation_limit=1)
    activate(ask(license_, "one.com"))

    with pytest.raises(ActivationLimitReached) as refusal:
        activate(ask(license_, "two.com"))
    assert refusal.value.facts is not None
    assert refusal.value.facts.used == 1
    assert Activation.objects.count() == 1

    assert deactivate(ask(license_, "http://one.com")).used == 0
    assert activate(ask(license_, "two.com")).used == 1
    with pytest.raises(ActivationLimitReached):
        activate(ask(license_, "one.com"))
    with pytest.raises(NotActivated):
        validate(ask(license_, "one.com"))
    with pytest.raises(NotActivated):
        deactivate(ask(license_, "one.com"))


def test_free_sites_take_no_place() -> None:
    license_ = make_license(activation_limit=1)

    assert activate(ask(license_, "one.com")).used == 1
    assert activate(ask(license_, "staging.one.com")).used == 1
    assert use_of(activate(ask(license_, "localhost:8000"))).is_free
    assert deactivate(ask(license_, "localhost:8000")).used == 1
    assert deactivate(ask(license_, "one.com")).used == 0


def test_zero_is_without_limit() -> None:
    license_ = make_license(activation_limit=0)

    answers = [activate(ask(license_, f"site{number}.com")) for number in range(12)]

    assert (answers[-1].used, answers[-1].left) == (12, None)


def test_a_lower_limit_takes_nothing_away_and_lets_nobody_in() -> None:
    license_ = make_license(activation_limit=3)
    for number in range(3):
        activate(ask(license_, f"site{number}.com"))
    license_.set_limit(1)

    assert validate(ask(license_, "site2.com")).left == 0
    assert activate(ask(license_, "site2.com")).used == 3
    deactivate(ask(license_, "site0.com"))
    with pytest.raises(ActivationLimitReached):
        activate(ask(license_, "site9.com"))


@pytest.mark.parametrize("key", ["{0}", " {0} ", "{lower}", "{spaced}", "{arabic}"])
def test_a_key_is_known_however_it_is_typed(key: str) -> None:
    license_ = make_license()
    arabic = license_.key.translate({ord(str(digit)): "٠١٢٣٤٥٦٧٨٩"[digit] for digit in range(10)})
    typed = key.format(
        license_.key, lower=license_.key.lower(), spaced=license_.key.replace("-", " "), arabic=arabic
    )

    assert validate(Question(key=typed)).id == license_.pk


def test_a_licence_that_is_stopped_says_why_and_lets_places_go() -> None:
    license_ = make_license(activation_limit=2, valid_days=30)
    activate(ask(license_, "one.com"))
    activate(ask(license_, "two.com"))

    License.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for deed in (activate, validate):
        with pytest.raises(LicenseStopped) as refusal:
            deed(ask(license_, "one.com"))
        assert refusal.value.code == "expired"
    assert deactivate(ask(license_, "one.com")).used == 1

    license_.revoke()
    with pytest.raises(LicenseStopped) as refusal:
        validate(ask(license_, "two.com"))
    assert refusal.value.code == "revoked"
    assert deactivate(ask(license_, "two.com")).used == 0


def test_another_products_key_is_answered_like_no_key() -> None:
    license_ = make_license()
    product = license_.variant.product

    assert validate(ask(license_, product=product.slug)).id == license_.pk
    assert validate(ask(license_, product=str(product.pk))).id == license_.pk
    refusals = []
    for question in (ask(license_, product="another"), Question(key="NO-SUCH-KEY"), Question(key="")):
        with pytest.raises(LicenseNotFound) as refusal:
            validate(question)
        refusals.append((str(refusal.value), refusal.value.facts))
    assert len(set(refusals)) == 1


def test_who_guesses_is_stopped_even_with_a_right_key() -> None:
    license_ = make_license()
    for number in range(GUESSES):
        with pytest.raises(LicenseNotFound):
            activate(Question(key=f"GUESS-{number}", instance="one.com", client="192.0.2.7"))

    for question in (
        Question(key="GUESS", client="192.0.2.7"),
        ask(license_, "one.com", client="192.0.2.7"),
    ):
        with pytest.raises(TooManyGuesses):
            activate(question)
    assert not Activation.objects.exists()
    assert activate(ask(license_, "one.com", client="192.0.2.8")).used == 1


@pytest.mark.parametrize("instance", ["", "   ", "https://", "not a site"])
def test_an_instance_that_is_none_is_refused(instance: str) -> None:
    license_ = make_license()

    with pytest.raises(InstanceNotUsable):
        activate(ask(license_, instance))
    assert not Activation.objects.exists()


def test_an_activation_is_found_by_its_id_within_its_licence_alone() -> None:
    mine, other = make_license(place="machine"), make_license(place="machine")
    use = use_of(activate(ask(mine, "Laptop")))

    assert validate(ask(mine, activation=str(use.uid))).use == use
    for question in (
        ask(other, activation=str(use.uid)),
        ask(mine, activation="nonsense"),
        ask(mine, "Laptop", activation="nonsense"),
    ):
        with pytest.raises(NotActivated):
            validate(question)
    assert deactivate(ask(mine, activation=str(use.uid))).used == 0


def test_a_check_is_noted_once_a_day() -> None:
    license_ = make_license()

    validate(ask(license_))
    first = License.objects.get().checked_at
    validate(ask(license_))

    assert License.objects.get().checked_at == first is not None


def test_asks_two_queries_at_most_and_no_transaction(django_assert_num_queries: Any) -> None:
    license_ = make_license(activation_limit=1)

    with django_assert_num_queries(2):  # one of them once a day
        validate(ask(license_))
    with django_assert_num_queries(2):
        activate(ask(license_, "one.com"))
    for deed in (activate, validate):
        with django_assert_num_queries(1):
            deed(ask(license_, "one.com"))
    with django_assert_num_queries(2):
        deactivate(ask(license_, "one.com"))
