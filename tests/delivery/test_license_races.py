"""Licences under real processes, each with connections of its own, on either database."""

from collections import Counter
from collections.abc import Iterator

import pytest

from checkout.errors import CartNotUsable
from checkout.models import Order, OrderEvent
from checkout.placing import place_order
from delivery.activating import activate, deactivate
from delivery.codes import load_codes
from delivery.errors import ActivationLimitReached, LicenseRefused
from delivery.finding import Question
from delivery.fulfilment import grant_downloads
from delivery.models import Activation, Code, License, SigningKey
from delivery.signing import forget_key, sign
from tests.factories import make_buyer, make_cart, make_license, make_plan, paid_order
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)
PROCESSES, TRIES = 20, 5


@pytest.fixture(autouse=True)
def _key_of_each_process() -> Iterator[None]:
    forget_key()
    yield
    forget_key()


def take(key: str, instance: str) -> str:
    try:
        facts = activate(Question(key=key, instance=instance))
    except LicenseRefused as refusal:
        return refusal.code
    return f"{facts.use.uid}" if facts.use else ""


def test_100_activations_at_once_on_a_limit_of_3_are_exactly_3() -> None:
    key = make_license(activation_limit=3).key

    results = in_processes(lambda number: take(key, f"site{number}.com"), PROCESSES, TRIES)

    assert Counter(results)["limit_reached"] == 97
    assert Activation.objects.in_use().count() == 3
    assert {str(use.uid) for use in Activation.objects.all()} == set(results) - {"limit_reached"}


def test_100_activations_of_one_instance_are_one_row_and_100_times_yes() -> None:
    key = make_license(activation_limit=3).key

    results = in_processes(
        lambda number: take(key, ["www.one.com", "https://ONE.com/"][number % 2]), PROCESSES, TRIES
    )

    assert set(results) == {str(Activation.objects.get().uid)}


def test_taking_and_freeing_at_once_never_exceeds_the_limit() -> None:
    key = make_license(activation_limit=2).key

    def turn(number: int) -> int:
        question = Question(key=key, instance=f"site{number % 7}.com")
        try:
            used = activate(question).used
            deactivate(question)
        except LicenseRefused as refusal:
            used = refusal.facts.used if isinstance(refusal, ActivationLimitReached) and refusal.facts else 0
        return used

    assert max(in_processes(turn, PROCESSES, TRIES)) <= 2
    assert Activation.objects.counted().count() <= 2


def test_a_limit_that_staff_lowers_meanwhile_holds() -> None:
    license_ = make_license(activation_limit=50)

    def turn(number: int) -> str:
        if number == 7:
            License.objects.get(pk=license_.pk).set_limit(2)
            return "lowered"
        return take(license_.key, f"site{number}.com")

    in_processes(turn, PROCESSES, TRIES)
    before = Activation.objects.counted().count()

    assert take(license_.key, "late.com") == "limit_reached"
    assert Activation.objects.counted().count() == before <= 50


def test_an_order_fulfilled_many_times_at_once_has_one_licence_a_unit() -> None:
    order = paid_order(make_plan().product)
    order.lines.update(quantity=3, net_amount=3600, amount=3600)
    event = order.events.get(name="order.paid")

    in_processes(lambda _number: grant_downloads(OrderEvent.objects.get(pk=event.pk)), count=8, tries=2)

    assert sorted(License.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_the_last_codes_are_sold_once_each() -> None:
    plan = make_plan(source="codes")
    load_codes(plan, b"a1\nb2\nc3\n")

    def buy(number: int) -> str:
        try:
            return place_order(make_cart(plan.product), make_buyer(f"buyer{number}@example.com")).number
        except CartNotUsable:
            return "sold out"

    results = in_processes(buy, count=10, tries=2)

    assert Counter(results)["sold out"] == 17
    assert Order.objects.count() == 3
    lines = list(Code.objects.values_list("line", flat=True))
    assert None not in lines
    assert len(set(lines)) == 3


def test_two_loads_of_one_list_at_once_take_each_code_once() -> None:
    plan = make_plan(source="codes")
    content = "\n".join(f"code-{number}" for number in range(300)).encode()

    taken = in_processes(lambda _number: load_codes(plan, content).taken, count=4)

    assert sorted(taken) == [0, 0, 0, 300]
    assert Code.objects.count() == 300


def test_the_first_signing_key_is_one() -> None:
    SigningKey.objects.all().delete()

    in_processes(lambda number: sign({"number": number}), count=8)

    assert SigningKey.objects.count() == 1
