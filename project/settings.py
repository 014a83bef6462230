"""Settings of this site: one file; production differs by environment only.

Every variable is described in docs/settings.md.
"""

import os
import warnings
import zoneinfo
from pathlib import Path
from typing import Any

import environ
from django.utils.translation import gettext_lazy as _

from jobs.conf import Configuration
from project import places
from project.databases import database
from project.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
environ.Env.read_env(env.text("ENV_FILE", default=str(BASE_DIR / ".env")))

# --- The place and its secrets -----------------------------------------------------------

DATA_DIR = env.folder("DATA_DIR", default=BASE_DIR / "var")
PORT = env.number("PORT", default=8000, low=1, high=65535)
BIND_ADDRESS = env.text("BIND_ADDRESS", default="127.0.0.1")
# `make start` says DEVELOPMENT, so that DEBUG in .env still has the last word.
DEBUG = env.flag("DEBUG", default=env.flag("DEVELOPMENT", default=False))
SECRET_KEY = env.text("SECRET_KEY") or places.kept_secret(DATA_DIR / "secret_key")
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", default=["localhost", ".localhost", "127.0.0.1", "[::1]"]
)
TRUSTED_ORIGINS = env.origins("TRUSTED_ORIGINS")
ADMIN_USERNAME = env.text("ADMIN_USERNAME", default="admin")
ADMIN_PASSWORD = env.text("ADMIN_PASSWORD")

# --- What runs ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "project",  # first: its commands and templates win
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_celery_results",
    "channels",
    "django_htmx",
    "ninja",  # the scripts of /api/docs
    "jobs",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.middleware.ContentSecurityPolicy",
    "project.middleware.Probes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "jobs.web.acting.ActingPerson",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Where data lie ----------------------------------------------------------------------

DATABASES = {"default": database(env, default=f"sqlite:///{DATA_DIR}/db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Large uploads wait here for their form; the task `clean_temporary_files` sweeps it.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
MEDIA_ROOT = DATA_DIR / "files"  # given out by a view that asks for permission, by no URL
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES: dict[str, dict[str, Any]] = {
    "default": places.FOLDER,
    "jobs": places.files(env.text("FILES_URL")),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "project.static.HashedStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# WhiteNoise hands out files in pieces; that Django reads them at once under ASGI is fine.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

# --- Redis, channels ---------------------------------------------------------------------

REDIS_IS_EMBEDDED = not env.text("REDIS_URL")
REDIS_URL = places.for_redis(
    env.url("REDIS_URL", default=places.embedded_url(DATA_DIR), schemes=places.REDIS_SCHEMES)
)
CHANNEL_LAYERS = {
    "default": {
        # Never the core layer: it drops messages, and redis-py 8 breaks its idle sockets.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "batuta"},
    }
}

# --- Celery ------------------------------------------------------------------------------

# Not a setting: Celery reads each whose name ends so as an address that kombu knows.
broker_url = env.url(
    "BROKER_URL",
    "CELERY_BROKER_URL",
    "RABBITMQ_URL",
    default=REDIS_URL,
    schemes=places.BROKER_SCHEMES,
)
CELERY_BROKER_URL = places.for_kombu(broker_url)
IS_RABBITMQ = CELERY_BROKER_URL.startswith(("amqp", "pyamqp"))
if tls := places.tls(broker_url):
    CELERY_BROKER_USE_SSL = tls
# Celery believes this variable before its settings, and its command copies BROKER_URL there;
# but it does not know `unix://`.
if given := os.environ.get("CELERY_BROKER_URL"):
    os.environ["CELERY_BROKER_URL"] = places.for_kombu(given)
# A broker that hangs must be noticed; kombu's default is to wait for ever.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"confirm_publish": True, "read_timeout": 30, "write_timeout": 5}
    if IS_RABBITMQ
    else {
        "visibility_timeout": 600,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
)
# Queues of RabbitMQ, which says no to everybody who declares one in another way.
BROKER_QUEUE_TYPE = env.choice(
    "BROKER_QUEUE_TYPE",
    default="classic",
    among=["classic", "quorum"] if IS_RABBITMQ else ["classic"],
)
CELERY_TASK_DEFAULT_QUEUE_TYPE = CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = BROKER_QUEUE_TYPE
if IS_RABBITMQ and BROKER_QUEUE_TYPE == "classic":
    CELERY_TASK_QUEUE_MAX_PRIORITY = 9  # quorum queues have two priorities of their own
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = False  # the row, not the message, is the promise
CELERY_TASK_TIME_LIMIT = env.seconds("JOB_TIMEOUT")
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_SERIALIZER = "json"
CELERY_RESULT_BACKEND = "jobs.execution.backend:DatabaseBackend"
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = None
CELERY_TASK_TRACK_STARTED = True
CELERY_WORKER_CONCURRENCY = env.number("MAX_CONCURRENT_JOBS", default=2, low=1, high=1000)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Seconds that a worker hopes for the last words of a child that died.
CELERY_WORKER_LOST_WAIT = 2.0
CELERY_WORKER_REDIRECT_STDOUTS = False  # we capture print per job
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULER = "jobs.scheduling.scheduler:DatabaseScheduler"
CELERY_BEAT_ENABLE_REMOTE_CONTROL = True
DJANGO_CELERY_RESULTS_TASK_ID_MAX_LENGTH = 255

# --- Time and language -------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = env.choice("TIME_ZONE", default="UTC", among=zoneinfo.available_timezones())
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
DJANGO_CELERY_BEAT_TZ_AWARE = True
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LANGUAGE_CODE = env.choice(
    "LANGUAGE_CODE", default="en", among=[code for code, _name in LANGUAGES]
)
LANGUAGE_COOKIE_AGE = 365 * 86_400

# --- Mail --------------------------------------------------------------------------------

MAIL_SCHEMES = tuple(environ.Env.EMAIL_SCHEMES)
vars().update(
    environ.Env.email_url_config(
        env.url("EMAIL_URL", default="consolemail://", schemes=MAIL_SCHEMES)
    )
)

# --- Safety ------------------------------------------------------------------------------

CSRF_TRUSTED_ORIGINS = TRUSTED_ORIGINS
# Behind a proxy that speaks TLS; `make start` on a laptop is plain HTTP, and must log in.
HTTPS = env.flag("HTTPS", default=any(o.startswith("https://") for o in TRUSTED_ORIGINS))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 86_400 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# To redirect to TLS and to bind subdomains is the proxy's decision.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]

# --- Logs --------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "project.lines.Indented",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django's own handlers stay silent outside DEBUG; the root has one already.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "celery.app.trace": {"level": "WARNING"},
        "asyncio": {"level": "WARNING"},
    },
}

# --- Batuta itself: JOBS_* ---------------------------------------------------------------

vars().update(env.settings_of(Configuration, "JOBS_"))
# The whole site's too, where it was chosen: several workers together run no more.
JOBS_MAX_CONCURRENT_JOBS = vars().get("JOBS_MAX_CONCURRENT_JOBS") or env.number(
    "MAX_CONCURRENT_JOBS", default=0, low=1, high=1000
)
