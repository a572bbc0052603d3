"""The buyer asks for the money back on the order's page, and reads there what became of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checkout.models import Dispute, Order, Payment, Refund, RefundRequest
from checkout.providers.base import RefundResult, RefundState
from checkout.refund_requests import ask_for_refund, decline
from checkout.refunds import request_refund, settle_refund
from tests.factories import handle_events_of, make_product, make_user, paid_order, pending_order

pytestmark = pytest.mark.django_db
ASK = "Ask for your money back"


def delivered(*products: Any, **buyer: Any) -> Order:
    order = paid_order(*products, **buyer)
    handle_events_of(order)
    return order


def words(response: Any) -> str:
    """The page without its markup, and without the marks that keep texts apart."""
    assert response.status_code == 200
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", main))


def page(order: Order, prefix: str = "") -> str:
    return words(Client().get(f"{prefix}/orders/{order.token}/"))


def ask(client: Client, order: Order, said: str = "") -> Any:
    path = f"/orders/{order.token}/"
    token = re.search(r'refund-request/">.*?value="(\w+)"', client.get(path).content.decode(), re.DOTALL)
    data = {"words": said, "csrfmiddlewaretoken": token[1] if token else ""}
    return client.post(f"{path}refund-request/", data)


def test_a_buyer_asks_and_is_told_that_it_is_looked_at(page_client: Client) -> None:
    order = delivered()
    assert ASK in page(order)

    answer = ask(page_client, order, "Not for <me>.")

    assert answer["Location"] == f"/orders/{order.token}/"
    shown = words(page_client.get(answer["Location"]))
    assert "We have your wish, and answer by e-mail." in shown
    assert "You asked for your money back on" in shown
    assert "Not for &lt;me&gt;." in shown
    assert ASK not in shown
    assert "Download" in shown


def test_a_second_click_finds_the_first(page_client: Client) -> None:
    order = delivered()
    ask(page_client, order, "first")

    again = page_client.post(f"/orders/{order.token}/refund-request/", {"words": "second"})

    assert again.status_code == 403  # without its token nothing is asked
    page_client.cookies.clear()
    client = Client()
    assert client.post(f"/orders/{order.token}/refund-request/", {"words": "second"}).status_code == 302
    assert RefundRequest.objects.get().words == "first"


def test_it_is_asked_by_post_only() -> None:
    order = delivered()

    assert Client().get(f"/orders/{order.token}/refund-request/").status_code == 405
    assert Client().post("/orders/x/refund-request/").status_code == 404
    assert not RefundRequest.objects.exists()


def test_what_was_typed_is_kept_when_it_is_too_long() -> None:
    order, said = delivered(), "long " * 500

    answer = Client().post(f"/orders/{order.token}/refund-request/", {"words": said})

    text = answer.content.decode()
    assert said.strip() in text
    assert "at most 2000 characters" in text
    assert '<details class="fold hint" open>' in text
    assert not RefundRequest.objects.exists()


def test_who_comes_too_late_is_told_when_it_ended() -> None:
    order = delivered()
    Order.objects.update(paid_at=timezone.now() - timedelta(days=31))

    assert "The time for a refund of this order ended on" in page(order)
    answer = Client().post(f"/orders/{order.token}/refund-request/", {"words": "please"})

    assert "The time for a refund of this order has passed." in words(answer)
    assert not RefundRequest.objects.exists()


def test_what_is_sold_without_money_back_says_so() -> None:
    shown = page(delivered(make_product(refund_days=0)))

    assert "sold without money back" in shown
    assert ASK not in shown


def test_lines_whose_window_is_over_are_named_as_kept() -> None:
    shown = page(delivered(make_product(1200), make_product(500, refund_days=0, title_en="Codes")))

    assert "Ask for $12.00 back" in shown
    assert "which you keep: Codes" in shown


def test_nothing_is_offered_for_what_was_free() -> None:
    order = pending_order(make_product(0))
    handle_events_of(order)

    assert "back" not in page(order).replace("Come back to this page", "").replace("back to them", "")


def test_granted_at_once_the_page_says_that_the_money_went(settings: Any, commits: Any) -> None:
    settings.REFUNDS_AUTO_APPROVE = True
    order, client = delivered(), Client()

    with commits():
        client.post(f"/orders/{order.token}/refund-request/")

    shown = words(client.get(f"/orders/{order.token}/"))
    assert "This order was refunded" in shown
    assert "We gave $12.00 back on" in shown
    assert "Download" not in shown


def test_money_under_way_is_said_to_be() -> None:
    order = delivered()
    request_refund(order.payments.get(), 1200, reason=Refund.Reason.REQUESTED, source=Refund.Source.BUYER)

    shown = page(order)

    assert "We are giving $12.00 back." in shown
    assert ASK not in shown


def test_a_part_given_back_is_told_with_its_lines_and_the_rest_stays_open(commits: Any) -> None:
    with commits():
        order = delivered(make_product(1200, title_en="First"), make_product(500, title_en="Second"))
    line = order.lines.get(product_title="First")
    with commits():
        request_refund(
            order.payments.get(),
            1200,
            reason=Refund.Reason.REQUESTED,
            source=Refund.Source.STAFF,
            lines={line: 1200},
            revokes_access=True,
        )

    text = Client().get(f"/orders/{order.token}/").content.decode()

    assert text.count('class="download"') == 1
    assert "First: $12.00" in page(order)
    assert "Ask for $5.00 back" in page(order)


def test_a_refund_that_failed_is_owned_up_to() -> None:
    order = delivered()
    refund = request_refund(
        order.payments.get(), 1200, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF
    )
    settle_refund(refund, RefundResult(RefundState.FAILED, "", 0, error="closed"))

    assert "Giving $12.00 back did not work." in page(order)


def test_no_means_no_with_the_answer_of_staff() -> None:
    order = delivered()
    decline(ask_for_refund(order), answer="You have read it all.", by=make_user())

    shown = page(order)

    assert "give the money back this time" in shown
    assert "You have read it all." in shown
    assert ASK not in shown


@pytest.mark.parametrize(
    ("status", "said"), [("open", "payment of this order is disputed"), ("lost", "Your bank decided on")]
)
def test_a_dispute_closes_the_files_and_says_why(status: str, said: str, commits: Any) -> None:
    order = delivered()
    dispute = Dispute.objects.create(
        payment=Payment.objects.get(), reference="d", amount=1200, status=status, closed_at=timezone.now()
    )
    order.lines.get().grants.update(revoked_at=timezone.now())

    shown = page(order)

    assert dispute.status == status
    assert said in shown
    assert "Download" not in shown
    assert ASK not in shown


@pytest.mark.parametrize("prefix", ["", "/ar", "/fa"])
def test_the_library_leads_to_it(prefix: str) -> None:
    user, client = make_user(), Client()
    client.force_login(user)
    order = delivered(make_product(), make_product(0), make_product(500, refund_days=0), user=user)

    assert f"{prefix}/orders/{order.token}/#refund" in client.get(f"{prefix}/library/").content.decode()
    ask_for_refund(order)

    shown = client.get("/library/").content.decode()
    assert "#refund" not in shown
    assert shown.count("You asked for your money back") == 1


def test_the_library_says_which_files_are_closed() -> None:
    user, client = make_user(), Client()
    client.force_login(user)
    delivered(user=user).lines.get().grants.update(revoked_at=timezone.now())

    shown = client.get("/library/").content.decode()

    assert "These files are closed." in shown
    assert "#refund" not in shown
