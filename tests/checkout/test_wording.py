import pytest
from django.utils import translation

from checkout.wording import explain, provider_name, sentence


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("", ""),
        ("The order is held.", "The order is held."),
        ("OSError: <disk>", "<bdi>OSError: &lt;disk&gt;</bdi>"),
        ("amount: 5 instead of 12", '<bdi class="money" dir="ltr">$0.05</bdi> was taken instead of'),
        ("amount: x instead of 12", '<bdi dir="ltr">x USD</bdi> was taken instead of'),
        ("currency: XXX instead of USD; amount: 5 instead of 12", '<bdi dir="ltr">5 XXX</bdi> was taken'),
        ("live mode: False instead of True", "It was paid in test mode."),
        ("reference: <b> instead of payment-1", '<bdi dir="ltr">&lt;b&gt;</bdi> instead of'),
        ("Given back: 600 there, 500 here, in minor units of KWD.", "0.600"),
        ("The provider says succeeded, 1100 USD.", "$11.00"),
    ],
)
def test_what_machines_stored_is_said_to_people(stored: str, said: str) -> None:
    assert said in explain(stored, "USD")


def test_it_is_said_in_the_language_of_the_reader() -> None:
    with translation.override("ar"):
        assert explain("The order is held.") == "الطلب معلّق."
        assert "instead" not in explain("amount: 5 instead of 12; reference: a instead of b", "USD")


def test_sentences_escape_what_is_filled_in_and_keep_markup() -> None:
    assert sentence("%(a)s & %(b)s", a="<i>", b=sentence("%(x)s", x="ok")) == "&lt;i&gt; &amp; ok"


def test_a_provider_that_is_off_still_has_a_name(settings) -> None:
    assert provider_name("stripe") == '<bdi dir="ltr">Stripe</bdi>'
    settings.DEMO = False
    assert provider_name("demo") == '<bdi dir="ltr">Demo</bdi>'
