"""An affiliate with six weeks behind her: clicks, orders, a refund and a payout, by the shop's own deeds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from urllib.parse import unquote

from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.utils import timezone

from accounts.models import User
from affiliates.clicks import count_in
from affiliates.joining import Application, apply, approve
from affiliates.models import Affiliate, Click, Creative, fold_click, today
from affiliates.payouts import due, make_batches, mark_batch_paid
from affiliates.profiles import change_profile
from affiliates.referrals import credit_order, follow_money
from affiliates.visits import Visit, sign
from catalog.models import Product, Variant
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.models import DemoCharge, Payment, Refund
from checkout.payments import start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.refunds import request_refund
from delivery.fulfilment import grant_downloads

JOINED = 46  # days ago


@dataclass(frozen=True)
class Sale:
    """A guest buys the first edition of a product, so many days ago, by a link of hers."""

    days_ago: int
    slug: str
    language: str
    sub_id: str = ""

    @property
    def email(self) -> str:
        return f"reader{self.days_ago}@example.com"


SALES = (
    Sale(44, "العمل-الحر-بطمأنينة", "ar", "channel"),
    Sale(42, "العمل-الحر-بطمأنينة", "en", "newsletter"),
    Sale(40, "العمل-الحر-بطمأنينة", "ar"),
    Sale(37, "sanad-invoice-templates", "ar", "channel"),
    Sale(36, "sanad-invoice-templates", "en", "newsletter"),
    Sale(34, "العمل-الحر-بطمأنينة", "ar", "channel"),
    Sale(32, "العمل-الحر-بطمأنينة", "fa"),
    Sale(28, "letters-that-flow", "en", "newsletter"),
    Sale(21, "letters-that-flow", "en"),
    Sale(19, "nameh-mail-templates", "en", "newsletter"),
    Sale(16, "شب-های-کوچه-چنار", "fa", "channel"),
    Sale(14, "khayma-theme", "ar", "channel"),
    Sale(11, "publish-it-yourself", "en"),
    Sale(8, "publish-it-yourself", "fa", "newsletter"),
    Sale(4, "دليل-النشر-الرقمي", "ar", "channel"),
    Sale(1, "khayma-theme", "en"),
)
GIVEN_BACK = SALES[3]
PAID_OUT, TAKEN_BACK = 5, 3  # days ago
PLAN = "I write about small books and good tools, in a letter to 1,800 readers and on a channel in Arabic."
CREATIVES = (
    (
        "publish-it-yourself",
        ("Publish it yourself", "انشر كتابك بنفسك", "خودتان منتشرش کنید"),
        (
            "The little handbook for your first own book, from the manuscript to the first sale.",
            "دليل صغير لكتابك الأول، من المخطوطة إلى أول بيع.",
            "راهنمایی کوچک برای نخستین کتابتان، از دست‌نوشته تا نخستین فروش.",
        ),
    ),
    (
        "letters-that-flow",
        ("Letters that flow", "حروف تنساب", "حروفی که روان‌اند"),
        (
            "How Arabic letters are drawn, and why they look as they do.",
            "كيف تُرسم الحروف العربية، ولماذا تبدو كما تبدو.",
            "حروف عربی چگونه کشیده می‌شوند، و چرا چنین می‌نمایند.",
        ),
    ),
)


def load_affiliates() -> None:
    """Let the demo's affiliate join and earn, and leave one application for staff to look at."""
    amal, seller = User.objects.get(email="affiliate@example.com"), User.objects.get(is_staff=True)
    with _clock(JOINED):
        affiliate = apply(amal, Application("Amal", "amal", "en", "https://amal.example.com", PLAN))
        approve(affiliate, by=seller)
        affiliate.method, affiliate.payee = Affiliate.Method.BANK, "Amal Haddad"
        affiliate.iban, affiliate.country = "DE89370400440532013000", "JO"
        change_profile(affiliate, [])
    _load_clicks(affiliate)
    told = {sale.days_ago: partial(_sell, affiliate, sale) for sale in SALES}
    told |= {PAID_OUT: partial(_pay_out, seller), TAKEN_BACK: partial(_give_back, GIVEN_BACK)}
    for days_ago in sorted(told, reverse=True):
        with _clock(days_ago):
            told[days_ago]()
    _load_creatives()
    reader = User.objects.create_user("nadia@example.com", name="Nadia")
    apply(reader, Application("Nadia's shelf", "نادية", "ar", plan="مدوّنة عن الكتب العربية المستقلّة."))


@contextmanager
def _clock(days_ago: int) -> Iterator[None]:
    """The shop's clock stands so many days back: rows of a ledger can't be dated back afterwards."""
    real = timezone.now
    timezone.now = lambda: real() - timedelta(days=days_ago)
    try:
        yield
    finally:
        timezone.now = real


def _load_clicks(affiliate: Affiliate) -> None:
    """A few a day, on the pages of the sales; the same in every demo."""
    random = Random("clicks")  # noqa: S311  no secret
    paths = [Product.objects.get(slug=sale.slug).get_absolute_url() for sale in SALES]
    for days_ago in range(JOINED, -1, -1):
        for number in range(random.randint(2, 9)):
            place = random.randrange(len(SALES))
            click = Click(affiliate=affiliate, day=today() - timedelta(days=days_ago))
            click.path, click.sub_id = unquote(paths[place]), SALES[place].sub_id
            click.visitor, click.at = f"demo-{number}", timezone.now() - timedelta(days=days_ago)
            fold_click(click)
    count_in()


def _sell(affiliate: Affiliate, sale: Sale) -> None:
    variant = Variant.objects.filter(product__slug=sale.slug).prefetch_related("prices")[0]
    session = SessionStore()
    cart = Cart(session)
    cart.add(variant, 1)
    path = variant.product.get_absolute_url()
    session["referral"] = sign(Visit.now(affiliate.pk, "link", path=path, sub_id=sale.sub_id))
    payment = start_payment(place_order(cart, Buyer(sale.email, "JO", language=sale.language)), "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    for event in payment.order.events.filter(name="order.paid"):
        grant_downloads(event)  # and no mail: these readers wait for none
        credit_order(event)
        event.mark_handled()


def _pay_out(seller: User) -> None:
    for batch in make_batches({(each.affiliate.pk, each.currency): each.amount for each in due()}, by=seller):
        mark_batch_paid(batch, reference="TX 2041", by=seller)


def _give_back(sale: Sale) -> None:
    payment = Payment.objects.get(order__email=sale.email)
    reason, source = Refund.Reason.REQUESTED, Refund.Source.MANUAL
    request_refund(payment, payment.amount, reason=reason, source=source, revokes_access=True)
    for event in payment.order.events.filter(name="order.refunded"):
        follow_money(event)
        event.mark_handled()


def _load_creatives() -> None:
    for position, (slug, titles, texts) in enumerate(CREATIVES):
        Creative.objects.create(
            product=Product.objects.get(slug=slug),
            position=position,
            **dict(zip(("title_en", "title_ar", "title_fa"), titles, strict=True)),
            **dict(zip(("text_en", "text_ar", "text_fa"), texts, strict=True)),
        )
