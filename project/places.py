"""Where things are: the URLs of Redis, the kept secret key, the embedded server's note."""

import contextlib
import json
import os
import secrets
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from django.core.exceptions import ImproperlyConfigured

REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+socket")
BROKER_SCHEMES = (*REDIS_SCHEMES, "amqp", "amqps", "pyamqp")
_OF_TLS = ("ca_certs", "certfile", "keyfile")
# Files in MEDIA_ROOT, for this user only.
FOLDER: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
}


def for_redis(url: str) -> str:
    """The URL as redis-py spells it: a socket is `unix://`."""
    if not url.startswith("redis+socket://"):
        return url
    parts = urlsplit(url)
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    return f"unix://{parts.netloc}{parts.path}?db={database.lstrip('/')}"


def for_kombu(url: str) -> str:
    """The URL as Celery spells it: a socket is `redis+socket://`; with TLS the certificate is
    looked at, which kombu would not do unasked. What RabbitMQ's says of it, see `tls`."""
    if url.startswith("amqps://"):
        return url.partition("?")[0]
    if url.startswith("rediss://") and "ssl_cert_reqs=" not in url:
        return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=required"
    if not url.startswith("unix://"):
        return url
    parts = urlsplit(url)
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"


def tls(url: str) -> dict[str, Any] | None:
    """What Celery is told of the certificate of a RabbitMQ, in the words of `rediss://` (kombu
    reads them of no other broker): `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, and
    `ssl_cert_reqs=none` to look at nothing. None for other brokers. Raises
    ImproperlyConfigured."""
    if not url.startswith("amqps://"):
        return None
    parts = urlsplit(url)
    told = dict(parse_qsl(parts.query))
    reqs = told.pop("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    known = {f"ssl_{name}": told[f"ssl_{name}"] for name in _OF_TLS if f"ssl_{name}" in told}
    if reqs not in ("required", "none") or told != known:
        raise ImproperlyConfigured(
            "BROKER_URL: behind amqps://… may come ?ssl_ca_certs=, ssl_certfile=, ssl_keyfile="
            " and ssl_cert_reqs=required or none."
        )
    options = {name.removeprefix("ssl_"): value for name, value in known.items()}
    if reqs == "none":
        return {"cert_reqs": ssl.CERT_NONE, **options}
    return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname, **options}


def files(url: str) -> dict[str, Any]:
    """The storage for the files of jobs: the folder, or `s3://bucket/prefix?option=…` with
    options of django-storages. Raises ImproperlyConfigured."""
    if not url:
        return FOLDER
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.username:
        raise ImproperlyConfigured("FILES_URL must be s3://bucket/prefix, without credentials.")
    place = {"bucket_name": parts.netloc, "location": parts.path.strip("/")}
    options = {"file_overwrite": False, **dict(parse_qsl(parts.query)), **place}
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def embedded_note(data: Path) -> Path:
    """The file in which a running `manage.py start` says where its server listens."""
    return data / "embedded.json"


def embedded_url(data: Path) -> str:
    """The embedded server's URL: where it runs, or where it would."""
    try:
        url = json.loads(embedded_note(data).read_text())["url"]
    except (OSError, ValueError, KeyError):
        return socket_url(data / "redis.sock")
    return str(url)


def socket_url(path: Path) -> str:
    return f"unix://{quote(str(path))}"


def kept_secret(path: Path) -> str:
    """The secret in the file, made at the first call; readable by this user only.

    Several processes may start at once: the one whose link comes first wins.
    """
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
