from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.templatetags.static import static
from django.test import Client

from storefront.staticfiles import ManifestStorage


def storage(folder: Path) -> ManifestStorage:
    return ManifestStorage(location=str(folder), base_url="/static/")


def test_names_bear_a_hash_once_the_files_are_collected(settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "storefront.staticfiles.ManifestStorage"}
    }
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", "--no-input", verbosity=0)

    assert static("css/shop.css").startswith("/static/css/shop.")
    assert static("css/shop.css") != "/static/css/shop.css"
    assert (tmp_path / static("css/shop.css").removeprefix("/static/")).is_file()


def test_a_name_stays_bare_where_they_are_not(tmp_path: Path) -> None:
    assert storage(tmp_path).url("css/shop.css") == "/static/css/shop.css"


def test_a_page_answers_without_collected_files(settings: Any, tmp_path: Path, db: None) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "storefront.staticfiles.ManifestStorage"}
    }
    settings.STATIC_ROOT = tmp_path

    assert Client().get("/cart/").status_code == 200
