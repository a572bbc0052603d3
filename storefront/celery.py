import os
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
# Checks load all pages, for good. Whoever starts a worker makes them before it: `up`, deploy/entrypoint.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("storefront")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

for name, folder in (app.conf.broker_transport_options or {}).items():
    if name.startswith(("data_folder", "control_folder")):
        Path(folder).mkdir(parents=True, exist_ok=True)
