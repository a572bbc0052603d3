import pytest

from storefront.checks import check_demo, check_providers, check_reactions


@pytest.mark.parametrize(
    ("key", "secret", "missing"),
    [
        ("", "", None),
        ("sk_live_1", "whsec_1", None),
        ("sk_live_1", "", "STRIPE_WEBHOOK_SECRET"),
        ("", "whsec_1", "STRIPE_SECRET_KEY"),
    ],
)
def test_a_provider_is_set_up_whole_or_not_at_all(settings, key, secret, missing):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = key, secret

    errors = check_providers()

    assert [error.id for error in errors] == (["storefront.E001"] if missing else [])
    assert all(f"{missing} is missing" in error.msg for error in errors)


def test_a_reaction_that_is_not_there_is_an_error(settings):
    settings.ORDER_REACTIONS = {"order.paid": ["delivery.fulfilment.grant_downloads", "delivery.nowhere.it"]}

    (error,) = check_reactions()

    assert error.id == "storefront.E002"
    assert "delivery.nowhere.it" in error.msg


def test_a_demo_over_https_is_warned_of(settings):
    settings.DEMO, settings.IS_HTTPS = True, True

    assert [warning.id for warning in check_demo()] == ["storefront.W001"]
