import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from storefront.mail import write_mail
from storefront.models import OutgoingMail

pytestmark = pytest.mark.django_db
LIST = reverse("admin:storefront_outgoingmail_changelist")


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.com", "x"))
    return client


def failed_mail(**fields) -> OutgoingMail:
    mail = write_mail(
        cause=f"test:{len(fields)}",
        to="buyer@example.com",
        language="en",
        subject="Your files",
        text="Your code is 123456",
        **fields,
    )
    mail.mark_failed("550 no such person", final=True)
    return mail


def test_list_shows_the_error(staff):
    failed_mail()

    page = staff.get(LIST).text

    assert "buyer@example.com" in page
    assert "550 no such person" in page


def test_mail_is_read_and_not_written(staff):
    mail = failed_mail()
    address = reverse("admin:storefront_outgoingmail_change", args=[mail.pk])

    assert "123456" in staff.get(address).text
    assert staff.post(address, {"to": "spy@example.com"}).status_code == 403
    assert staff.post(reverse("admin:storefront_outgoingmail_delete", args=[mail.pk])).status_code == 403
    assert staff.get(reverse("admin:storefront_outgoingmail_add")).status_code == 403
    mail.refresh_from_db()
    assert mail.to == "buyer@example.com"


def test_body_of_a_secret_is_hidden(staff):
    mail = failed_mail(is_secret=True)

    page = staff.get(reverse("admin:storefront_outgoingmail_change", args=[mail.pk])).text

    assert "Your files" in page
    assert "123456" not in page


def test_failed_mail_is_sent_again_and_a_secret_is_not(staff):
    mail, secret = failed_mail(), failed_mail(is_secret=True)

    chosen = {"action": "send_again", "_selected_action": [mail.pk, secret.pk]}
    page = staff.post(LIST, chosen, follow=True).text

    assert "1 mail is sent again." in page
    mail.refresh_from_db()
    secret.refresh_from_db()
    assert (mail.status, mail.error, secret.status) == ("pending", "", "failed")


def test_staff_with_the_right_to_look_only_cannot_send(staff):
    mail = failed_mail()
    viewer = User.objects.create_user("viewer@example.com", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_outgoingmail"))
    client = Client()
    client.force_login(viewer)

    page = client.post(LIST, {"action": "send_again", "_selected_action": [mail.pk]}, follow=True)

    assert page.status_code == 200
    mail.refresh_from_db()
    assert mail.status == "failed"
