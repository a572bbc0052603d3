"""The lists for staff, and the pages of single rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from checkout.mismatches import note_mismatch
from checkout.models import (
    DemoCharge,
    Dispute,
    Mismatch,
    Order,
    OrderEvent,
    Payment,
    Refund,
    RefundRequest,
    WebhookEvent,
)
from checkout.providers.base import RefundResult, RefundState
from checkout.refund_requests import ask_for_refund
from checkout.refunds import request_refund, settle_refund
from tests.checkout.staff_pages import errors
from tests.checkout.test_queries import at_most
from tests.factories import make_user, paid_order, pending_order

pytestmark = pytest.mark.django_db
ROOT = "/admin/checkout"


def make_rows(number: int) -> None:
    """Orders with one row of everything that staff sees lists of."""
    for each in range(number):
        order = paid_order(email=f"reader{each}@example.com")
        payment = order.payments.get()
        request_refund(payment, 100, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)
        Dispute.objects.create(
            payment=payment, reference=f"dp_{payment.pk}", amount=1200, reason="fraudulent"
        )
        RefundRequest.objects.create(order=order, words="No")
        note_mismatch(Mismatch.Kind.REFUNDED_OTHERWISE, payment.key, provider="demo", order=order)
        WebhookEvent.objects.create(provider="demo", external_id=payment.key, type="charge.paid", body="{}")


LISTS = [
    *("order", "payment", "refund", "refundrequest", "dispute", "mismatch", "orderevent", "webhookevent"),
]


@pytest.mark.parametrize("model", LISTS)
def test_a_long_list_asks_no_more_than_a_short_one(staff: Client, model: str) -> None:
    make_rows(5)
    staff.get(f"{ROOT}/{model}/")

    with at_most(11):
        page = staff.get(f"{ROOT}/{model}/")

    assert page.status_code == 200
    assert page.context["cl"].result_count >= 5


@pytest.mark.parametrize("model", LISTS)
def test_each_list_is_searched_and_each_row_opens(staff: Client, model: str) -> None:
    make_rows(1)

    page = staff.get(f"{ROOT}/{model}/?q=reader0")
    row = {
        "order": Order,
        "payment": Payment,
        "refund": Refund,
        "refundrequest": RefundRequest,
        "dispute": Dispute,
        "mismatch": Mismatch,
        "orderevent": OrderEvent,
        "webhookevent": WebhookEvent,
    }[model]._default_manager.all()[0]

    assert page.status_code == 200
    address = f"{ROOT}/{model}/{row.pk}/change/"
    assert staff.get(address).status_code == 200
    assert staff.post(address, {}).status_code == 403
    assert staff.get(f"{ROOT}/{model}/{'9' * 40}/change/").status_code in (302, 404)


def act(staff: Client, model: str, action: str, *rows: Any) -> Any:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return staff.post(f"{ROOT}/{model}/", data, follow=True)


def test_the_provider_is_asked_about_settled_payments_too(staff: Client, stripe: Any, commits: Any) -> None:
    with commits():
        payment = paid_order().payments.get()
    Payment.objects.update(provider="stripe", reference="cs_gone")

    with commits():
        page = act(staff, "payment", "ask_again", payment)

    payment.refresh_from_db()
    assert "Asking about 1 payment." in page.text
    assert payment.error != ""
    stripe.complaints.clear()


def test_orders_are_held_and_released_from_the_list(staff: Client, commits: Any) -> None:
    with commits():
        order = paid_order()
    act(staff, "order", "hold", order)
    order.refresh_from_db()
    assert order.is_held
    page = staff.get(f"{ROOT}/order/{order.pk}/change/").text
    assert "staff@example.com</bdi> put the order on hold." in page

    act(staff, "order", "release", order)

    order.refresh_from_db()
    assert not order.is_held


# --- Refunds --------------------------------------------------------------------------------------


def failed_refund(commits: Any) -> Refund:
    with commits():
        payment = paid_order().payments.get()
    refund = request_refund(
        payment, 500, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF, note="Torn"
    )
    settle_refund(refund, RefundResult(RefundState.FAILED, "", 0, error="account closed"))
    return refund


def test_a_failed_refund_is_run_again_by_one_new_refund(staff: Client, commits: Any) -> None:
    refund = failed_refund(commits)

    with commits():
        page = act(staff, "refund", "run_again", refund)
        act(staff, "refund", "run_again", refund)

    retry = Refund.objects.get(retries=refund)
    assert "1 refund runs again." in page.text
    assert Refund.objects.count() == 2
    assert (retry.amount, retry.note, retry.status) == (500, "Torn", "succeeded")
    assert str(retry.requested_by) == "staff@example.com"
    assert DemoCharge.objects.get().refunded == 500


def test_a_refund_that_waits_runs_at_once(staff: Client, commits: Any) -> None:
    with commits():
        payment = paid_order().payments.get()
    refund = request_refund(payment, 500, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)
    refund.claim()
    refund.mark_retry("away", timedelta(0))

    with commits():
        act(staff, "refund", "run_again", refund)

    refund.refresh_from_db()
    assert (refund.status, refund.attempts, Refund.objects.count()) == ("succeeded", 2, 1)


def test_a_refund_that_succeeded_is_not_run_again(staff: Client, commits: Any) -> None:
    with commits():
        payment = paid_order().payments.get()
        refund = request_refund(payment, 500, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)

    page = act(staff, "refund", "run_again", refund)

    assert "There is nothing to try again." in page.text
    assert Refund.objects.count() == 1


def test_nobody_without_the_right_to_refund_runs_one_again(client: Client, commits: Any) -> None:
    refund = failed_refund(commits)
    clerk = make_user("clerk@example.com", is_staff=True)
    rights = Permission.objects.filter(codename__in=["view_refund", "change_refund"])
    clerk.user_permissions.set(rights)
    client.force_login(clerk)

    act(client, "refund", "run_again", refund)

    assert Refund.objects.count() == 1
    assert "Run again" not in client.get(f"{ROOT}/refund/{refund.pk}/change/").text


# --- Requests -------------------------------------------------------------------------------------


def asked(commits: Any) -> RefundRequest:
    with commits():
        order = paid_order()
    return ask_for_refund(order, "I bought the wrong one.")


def test_a_request_is_granted_once(staff: Client, commits: Any) -> None:
    request = asked(commits)
    address = f"{ROOT}/refundrequest/{request.pk}"
    page = staff.get(f"{address}/change/").text
    assert "I bought the wrong one." in page
    assert "Nothing was downloaded." in page
    assert "$12.00</bdi> goes back" in page

    with commits():
        staff.post(f"{address}/grants/")
        staff.post(f"{address}/grants/")

    request.refresh_from_db()
    assert (request.status, str(request.decided_by)) == ("approved", "staff@example.com")
    assert (Refund.objects.get().amount, Refund.objects.get().status) == (1200, "succeeded")


def test_a_request_is_declined_with_words(staff: Client, commits: Any) -> None:
    request = asked(commits)
    address = f"{ROOT}/refundrequest/{request.pk}/answers/"

    assert len(errors(staff.post(address, {"answer": ""}))) == 1
    request.refresh_from_db()
    assert request.status == "open"

    with commits():
        page = staff.post(address, {"answer": "You have read it twice."}, follow=True)
    again = staff.post(address, {"answer": "No."}, follow=True)

    request.refresh_from_db()
    assert (request.status, request.answer) == ("declined", "You have read it twice.")
    assert "the buyer gets your answer by mail" in page.text
    assert "This was decided already." in again.text
    assert not Refund.objects.exists()


def test_who_may_answer_may_not_give_money_back(client: Client, commits: Any) -> None:
    request = asked(commits)
    clerk = make_user("clerk@example.com", is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=["view_refundrequest", "change_refundrequest"])
    )
    client.force_login(clerk)

    assert client.post(f"{ROOT}/refundrequest/{request.pk}/grants/").status_code == 403
    assert "Grant the refund" not in client.get(f"{ROOT}/refundrequest/{request.pk}/change/").text
    request.refresh_from_db()
    assert request.status == "open"


# --- Mismatches and webhooks ----------------------------------------------------------------------


def test_a_mismatch_is_settled_once_with_a_note(staff: Client) -> None:
    mismatch = note_mismatch(Mismatch.Kind.MONEY_WITHOUT_ORDER, "pi_1", provider="stripe")
    address = f"{ROOT}/mismatch/{mismatch.pk}/resolution/"
    assert len(errors(staff.post(address, {"note": ""}))) == 1

    staff.post(address, {"note": "A test of the old shop."})
    again = staff.post(address, {"note": "Again"}, follow=True)

    mismatch.refresh_from_db()
    assert (mismatch.note, str(mismatch.resolved_by)) == ("A test of the old shop.", "staff@example.com")
    assert "settled already" in again.text


def test_what_is_found_again_after_that_is_a_new_mismatch(staff: Client) -> None:
    mismatch = note_mismatch(Mismatch.Kind.MONEY_WITHOUT_ORDER, "pi_1", provider="stripe")
    staff.post(f"{ROOT}/mismatch/{mismatch.pk}/resolution/", {"note": "Done"})

    note_mismatch(Mismatch.Kind.MONEY_WITHOUT_ORDER, "pi_1", provider="stripe")

    assert Mismatch.objects.filter(resolved_at=None).count() == 1


@pytest.mark.parametrize("model", [OrderEvent, WebhookEvent])
def test_an_event_is_run_again_from_its_own_page(staff: Client, commits: Any, model: Any) -> None:
    with commits():
        paid_order()
    WebhookEvent.objects.create(provider="demo", external_id="1", type="charge.paid", body="{}")
    row, name = model.objects.first(), model._meta.model_name
    row.mark_handled("It speaks of no payment of this shop.")
    assert 'value="run_again"' in staff.get(f"{ROOT}/{name}/{row.pk}/change/").text

    with commits():
        page = act(staff, name, "run_again", row)

    assert "1 event runs again." in page.text
    row.refresh_from_db()
    assert row.handled_at
    assert row.attempts >= 1


def test_a_held_order_says_so_in_the_list(staff: Client) -> None:
    pending_order().hold("look")

    assert "Held" in staff.get(f"{ROOT}/order/").text
