"""What the shop relies on in a provider. Each provider's tests inherit this, and only say how it is paid."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from checkout.errors import PaymentRefused
from checkout.models import Mismatch, Order, Payment, Refund, WebhookEvent
from checkout.payments import _addresses, start_payment, sync_payment
from checkout.providers import get_provider
from checkout.providers.base import PaymentResult, PaymentState, RefundState
from checkout.refunds import request_refund
from tests.factories import make_product, pending_order

Signed = tuple[bytes, dict[str, str]]


def _altered(body: bytes, headers: dict[str, str], header: str) -> Signed:
    return body.replace(b'"id"', b'"iD"'), headers


def _unsigned(body: bytes, headers: dict[str, str], header: str) -> Signed:
    return body, {name: value for name, value in headers.items() if name != header}


def _with_header(value: str) -> Callable[[bytes, dict[str, str], str], Signed]:
    return lambda body, headers, header: (body, {**headers, header: value})


SPOILED = [
    pytest.param(_altered, id="altered"),
    pytest.param(_unsigned, id="unsigned"),
    pytest.param(lambda body, headers, header: (b"", headers), id="empty"),
    pytest.param(lambda body, headers, header: (b"\xff\xfe\x00", headers), id="not text"),
    *[
        pytest.param(_with_header(value), id=f"header {value[:12]!r}")
        for value in ("", "t=,v1=", "t=²,v1=00", "t=1,v1=é", f"t={'9' * 5000},v1=00", "garbage", "=,=,t,v1")
    ],
]


@pytest.mark.django_db
class ProviderContract:
    name: str
    signature_header: str

    # Each provider's tests say how these are done there.

    def pay(self, payment: Payment) -> None:
        raise NotImplementedError

    def fail(self, payment: Payment) -> None:
        """The payment fails for good."""
        raise NotImplementedError

    def expire(self, payment: Payment) -> None:
        raise NotImplementedError

    def count_pages(self) -> int:
        """How many payment pages were ever opened."""
        raise NotImplementedError

    def given_back(self) -> list[int]:
        """The amount of each refund that the provider has made."""
        raise NotImplementedError

    def webhook(self, payment: Payment, kind: str = "", *, sent_at: int | None = None) -> Signed:
        """A signed message about a payment, of a known kind unless one is named."""
        raise NotImplementedError

    # The contract.

    def started(self, order: Order | None = None) -> Payment:
        return start_payment(order or pending_order(), self.name)

    def paid(self) -> Payment:
        payment = self.started()
        self.pay(payment)
        return sync_payment(payment)

    def post(self, signed: Signed) -> HttpResponse:
        body, headers = signed
        path = f"/webhooks/{self.name}/"
        return Client().post(path, body, content_type="application/json", headers=headers)  # type: ignore[return-value]

    def test_one_key_opens_one_page(self) -> None:
        payment = self.started()

        again = get_provider(self.name).start(payment, *_addresses(payment.order))

        assert (again.reference, again.redirect_url) == (payment.reference, payment.redirect_url)
        assert self.count_pages() == 1

    def test_tells_where_the_buyer_pays(self) -> None:
        payment = self.started()

        assert payment.reference
        assert payment.redirect_url.startswith("http")

    @pytest.mark.parametrize(
        ("deed", "state"),
        [
            ("leave", PaymentState.PENDING),
            ("pay", PaymentState.SUCCEEDED),
            ("fail", PaymentState.FAILED),
            ("expire", PaymentState.CANCELED),
        ],
    )
    def test_tells_how_a_payment_stands(self, deed: str, state: PaymentState) -> None:
        payment = self.started(pending_order(make_product(1250)))
        if deed != "leave":
            getattr(self, deed)(payment)

        result = get_provider(self.name).fetch(payment)

        assert (result.state, result.key, result.amount, result.currency, result.is_live) == (
            state,
            payment.key,
            1250,
            "USD",
            False,
        )

    def test_who_pays_twice_is_known_by_a_hash(self, commits: Any) -> None:
        payments = [self.started(), self.started()]
        for payment in payments:
            self.pay(payment)
            with commits():
                sync_payment(payment)

        ((payer,),) = set(Payment.objects.values_list("payer"))

        assert len(payer) == (0 if self.name == "demo" else 64)

    def test_gives_money_back_once_for_one_key(self) -> None:
        payment = self.paid()
        refund = request_refund(payment, 500, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF)

        first, second = get_provider(self.name).refund(refund), get_provider(self.name).refund(refund)

        assert first == second
        assert first.state == RefundState.SUCCEEDED
        assert self.given_back() == [500]

    def test_two_keys_are_two_refunds(self) -> None:
        payment = self.paid()
        refunds = [
            request_refund(payment, amount, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)
            for amount in (500, 700)
        ]

        results = [get_provider(self.name).refund(refund) for refund in refunds]

        assert len({result.reference for result in results}) == 2
        assert self.given_back() == [500, 700]

    def test_refuses_to_give_back_more_than_was_paid(self) -> None:
        refund = request_refund(self.paid(), 1200, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF)
        Refund.objects.update(amount=1201)
        refund.refresh_from_db()

        with pytest.raises(PaymentRefused):
            get_provider(self.name).refund(refund)

        assert self.given_back() == []

    def test_a_signed_message_is_kept_and_the_payment_looked_at(self, commits: Any) -> None:
        payment = self.started()
        self.pay(payment)

        with commits():
            response = self.post(self.webhook(payment))

        assert response.status_code == 200
        event = WebhookEvent.objects.get()
        assert (event.provider, event.error, event.attempts) == (self.name, "", 1)
        assert event.handled_at
        payment.refresh_from_db()
        assert payment.status == Payment.Status.SUCCEEDED

    def test_a_hundred_copies_of_a_message_are_one_payment(self, commits: Any) -> None:
        payment = self.started()
        self.pay(payment)
        signed = self.webhook(payment)

        with commits():
            statuses = {self.post(signed).status_code for _each in range(100)}

        assert statuses == {200}
        assert WebhookEvent.objects.get().attempts == 1
        assert payment.order.events.filter(name="order.paid").count() == 1

    @pytest.mark.parametrize("spoil", SPOILED)
    def test_a_message_not_provably_theirs_is_answered_400_and_not_kept(
        self, commits: Any, spoil: Callable[[bytes, dict[str, str], str], Signed]
    ) -> None:
        payment = self.started()
        self.pay(payment)
        body, headers = self.webhook(payment)

        with commits():
            response = self.post(spoil(body, headers, self.signature_header))

        assert response.status_code == 400
        assert not WebhookEvent.objects.exists()
        payment.refresh_from_db()
        assert payment.is_pending

    def test_a_message_older_than_five_minutes_is_refused(self) -> None:
        payment = self.started()

        response = self.post(self.webhook(payment, sent_at=int(time.time()) - 302))

        assert response.status_code == 400
        assert not WebhookEvent.objects.exists()

    def test_a_message_from_within_five_minutes_is_taken(self) -> None:
        payment = self.started()

        response = self.post(self.webhook(payment, sent_at=int(time.time()) - 295))

        assert response.status_code == 200

    def test_an_unknown_kind_of_message_is_kept_and_changes_nothing(self, commits: Any) -> None:
        payment = self.started()

        with commits():
            response = self.post(self.webhook(payment, "moon.full"))

        assert response.status_code == 200
        event = WebhookEvent.objects.get()
        assert event.type == "moon.full"
        assert event.handled_at
        payment.refresh_from_db()
        assert payment.is_pending

    def test_a_message_about_a_payment_not_ours_is_kept_with_a_note(self, commits: Any) -> None:
        signed = self.webhook(Payment(key="payment-of-another-shop", reference="ref-of-another-shop"))

        with commits():
            response = self.post(signed)

        assert response.status_code == 200
        event = WebhookEvent.objects.get()
        assert event.handled_at
        assert event.error == "It speaks of no payment of this shop."
        assert Mismatch.objects.count() == int(event.is_money)

    @pytest.mark.parametrize(("currency", "amount"), [("JPY", 500), ("KWD", 12500), ("SAR", 4599)])
    def test_amounts_are_exact_with_any_number_of_decimals(
        self, settings: Any, currency: str, amount: int
    ) -> None:
        settings.CURRENCY = currency
        payment = self.started(pending_order(make_product(amount)))
        self.pay(payment)

        result: PaymentResult = get_provider(self.name).fetch(payment)
        sync_payment(payment)

        assert (result.amount, result.currency) == (amount, currency)
        payment.order.refresh_from_db()
        assert payment.order.status == Order.Status.PAID

    @pytest.mark.parametrize(
        "title",
        [
            "خطوط صافية: كتاب في التصميم",
            "۱۲ درس نیم‌فاصله",
            'Cats 🐈 & <b>dogs</b> "quoted" 100%',
            "\u202egnp.exe\u202c \x07bell\nsecond line",
            "ط" * 200,
        ],
    )
    def test_any_title_can_be_paid_for(self, title: str) -> None:
        payment = self.started(pending_order(make_product(title_en=title)))
        self.pay(payment)

        assert sync_payment(payment).status == Payment.Status.SUCCEEDED
