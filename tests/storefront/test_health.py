from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


def test_a_live_process_answers_without_its_database(client):
    response = client.get("/health/live/")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_all_is_there(client):
    response = client.get("/health/ready/")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client):
    MigrationRecorder(connection).migration_qs.filter(app="delivery").delete()

    response = client.get("/health/ready/")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "problems": ["Migrations are not applied."]}


@pytest.mark.django_db
def test_not_ready_when_files_cannot_be_written_and_no_path_is_told(client, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.PRIVATE_ROOT = tmp_path / "file" / "private"

    response = client.get("/health/ready/")

    assert response.status_code == 503
    assert response.json()["problems"] == ["Storage for private files cannot be written."]
    assert str(tmp_path) not in response.text


@pytest.mark.parametrize("name", ["live", "ready"])
def test_only_asking_is_allowed(client, name):
    assert client.post(f"/health/{name}/").status_code == 405


@pytest.mark.django_db
def test_looking_leaves_no_file_behind(client, settings):
    before = set(Path(settings.PRIVATE_ROOT).rglob("*"))

    client.get("/health/ready/")

    assert {path for path in Path(settings.PRIVATE_ROOT).rglob("*") if path.is_file()} <= before
