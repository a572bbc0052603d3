import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.errors import InstanceNotUsable
from delivery.instances import MAX_LENGTH, read_machine, read_site


@pytest.mark.parametrize(
    "address",
    [
        "example.com",
        "https://example.com",
        "http://www.example.com/",
        "HTTPS://WWW.Example.COM:443/?a=b#c",
        "//example.com/index.php",
        "https://user:password@example.com:8443/./",
        "example.com.",
        " example.com\u200f ",
    ],
)
def test_one_site_is_one_instance_however_it_is_spelled(address: str) -> None:
    assert read_site(address).value == "example.com"


@pytest.mark.parametrize(
    "address",
    ["https://متجر.شبكة/", "http://www.متجر.شبكة", "XN--PGBEP1F.xn--ngbc5azd:80"],
)
def test_both_forms_of_an_international_name_are_one(address: str) -> None:
    assert read_site(address).value == "xn--pgbep1f.xn--ngbc5azd"


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("example.com/shop/", "example.com/shop"),
        ("example.com/Shop//index.php?x", "example.com/shop"),
        ("example.com/a/../shop", "example.com/shop"),
        ("example.com/%D9%85%D8%AA%D8%AC%D8%B1", "example.com/متجر"),
        ("blog.example.com", "blog.example.com"),
        ("www.com", "www.com"),
        ("8.8.8.8:8080", "8.8.8.8"),
        ("http://[2001:4860:4860::8888]/", "2001:4860:4860::8888"),
    ],
)
def test_a_folder_or_a_subdomain_is_a_site_of_its_own(address: str, value: str) -> None:
    assert read_site(address).value == value
    assert not read_site(address).is_free


@pytest.mark.parametrize(
    "address",
    [
        "localhost",
        "http://localhost:8080/wordpress",
        "shop.local",
        "example.test",
        "127.0.0.1",
        "192.168.1.20",
        "[::1]:80",
        "http://wordpress/",
        "staging.example.com",
        "dev2.example.com",
        "example-staging.example.com",
        "staging-7.example.com",
        "abc.ngrok-free.app",
        "mysite.wpengine.com",
    ],
)
def test_local_and_staging_sites_are_free(address: str) -> None:
    assert read_site(address).is_free


@pytest.mark.parametrize(
    "address", ["example.dev", "staging.com", "test.org", "contest.example.com", "device.io"]
)
def test_sites_that_only_sound_like_it_are_not_free(address: str) -> None:
    assert not read_site(address).is_free


@pytest.mark.parametrize(
    "address",
    ["", " ", "https://", "a b", "http://[::1", "exa<mple.com", "ex..ample.com", "a" * 300 + ".com"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InstanceNotUsable):
        read_site(address)


@given(st.text())
def test_any_text_is_an_instance_or_refused(text: str) -> None:
    for read in (read_site, read_machine):
        try:
            instance = read(text)
        except InstanceNotUsable:
            continue
        assert 0 < len(instance.value) <= MAX_LENGTH
        assert len(instance.name) <= MAX_LENGTH
        assert read(instance.value).value == instance.value


def test_machines_are_alike_in_any_case() -> None:
    assert read_machine(" MacBook-von-ÖMER\n").value == read_machine("macbook-von-ömer").value
    assert not read_machine("localhost").is_free
