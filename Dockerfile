# Two stages: the first installs the locked packages, the second holds what runs, as a user without rights.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
# Group 101 is nginx's in its own image: files for it are readable by the group, and by nobody else.
RUN groupadd --gid 101 shop && useradd --uid 10001 --gid 101 --home-dir /srv/dukkan --no-create-home shop \
    && install -d -o shop -g shop -m 0750 /data
COPY --from=packages /venv /venv
WORKDIR /srv/dukkan
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
# Translations and static files are made here, so that a start only has to start.
RUN python -m compileall -q -j 0 accounts catalog checkout delivery demo storefront /venv/lib \
    && DATA_DIR=/tmp/build SECRET_KEY=only-for-this-build-step-0123456789 sh -c \
       'python manage.py compile_catalogs && python manage.py collectstatic --no-input --verbosity 0 && cp -r /tmp/build/static static-built' \
    && rm -rf /tmp/build
USER shop
EXPOSE 8000
ENTRYPOINT ["/srv/dukkan/deploy/entrypoint"]
CMD ["web"]
