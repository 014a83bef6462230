"""What only the servers themselves can tell. One that does not answer is not judged:
to be down is no bad set-up, and passes."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from ssl import SSLCertVerificationError
from typing import Any

import celery as stock
from amqp.exceptions import (  # type: ignore[import-untyped]
    AccessRefused,
    NotAllowed,
    NotFound,
    PreconditionFailed,
)
from channels.layers import channel_layers
from channels_redis.utils import decode_hosts
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from redis import AuthenticationError, Redis, RedisError
from redis.exceptions import AuthorizationError

from jobs.conf import configuration
from jobs.execution.queues import known
from jobs.models import Job

PATIENCE_SECONDS = 1.0


def layer_server() -> "Redis | None":
    """A client, that does not wait long, of the server that carries live messages."""
    config = channel_layers.configs.get(configuration().channel_layer, {}).get("CONFIG", {})
    host = dict(decode_hosts(config.get("hosts"))[0])
    if "host" in host:
        host["address"] = f"redis://{host['host']}:{host['port']}"
    if "address" not in host:
        return None  # a sentinel: which server it is changes
    return Redis.from_url(
        host["address"],
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
    )


def sqlite_journal() -> Iterator[CheckMessage]:
    connection = connections["default"]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
    if mode not in ("wal", "memory"):
        yield Error(
            f"SQLite keeps its journal in mode {mode}: this disk may be a network share.",
            hint="Put the database on a local disk, or use PostgreSQL.",
            id="jobs.E020",
        )


def tables() -> Iterator[CheckMessage]:
    """Another app called jobs, here now or once, whose tables or migrations bear our names."""
    connection = connections["default"]
    table = Job._meta.db_table
    with connection.cursor() as cursor:
        known = connection.introspection.table_names(cursor)
        described = (
            connection.introspection.get_table_description(cursor, table)
            if (table in known)
            else ()
        )
    is_migrated = any(app == "jobs" for app, _name in _applied(connection))
    if (described or is_migrated) and "lease_expires_at" not in {c.name for c in described}:
        yield Error(
            "The database has tables or migrations of another app that is called jobs.",
            hint="Rename that app's tables and its rows in django_migrations and"
            " django_content_type first.",
            id="jobs.E019",
        )


def _applied(connection: Any) -> Iterable[tuple[str, str]]:
    return MigrationRecorder(connection).applied_migrations()


def broker() -> Iterator[CheckMessage]:
    """What a broker that answers says of itself, or why it does not let us in."""
    with stock.current_app.connection_for_write() as connection:
        try:
            is_redis = connection.transport.driver_type == "redis"
            found = _of_redis(connection) if is_redis else _of_rabbit(connection)
        except (*_REFUSALS, RedisError, OSError, *connection.connection_errors) as wrong:
            if _refuses(wrong):
                yield Error(
                    f"The broker answers, and does not let us in: {wrong}",
                    hint="Look at user, password, virtual host and certificates in its URL.",
                    id="jobs.E024",
                )
            return
    yield from found


def _of_redis(connection: Any) -> list[CheckMessage]:
    client = connection.channel().client
    info = client.info()
    line = client.connection_pool.get_connection()
    return [
        *_eviction(info.get("maxmemory_policy", "noeviction")),
        *_persistence(bool(info.get("aof_enabled")), _configured(client, "save")),
        *_openness(_peer(line._sock), is_secret=bool(connection.password)),
    ]


def _of_rabbit(connection: Any) -> list[CheckMessage]:
    connection.connect()
    peer = _peer(connection.connection.transport.sock)
    return [
        *_openness(peer, is_secret=connection.password not in ("", "guest", None)),
        *_of_other_kinds(connection),
    ]


def _of_other_kinds(connection: Any) -> Iterator[CheckMessage]:
    """Queues that are there and were declared otherwise: neither worker nor publisher could
    use one of them. Nothing is made here."""
    queues = stock.current_app.amqp.Queues(stock.current_app.conf.task_queues)
    try:
        names = known()
    except DatabaseError:
        return  # not migrated yet
    for name in sorted(names):
        try:
            with connection.channel() as channel:
                channel.queue_declare(name, passive=True)
        except NotFound:
            continue
        try:
            with connection.channel() as channel:
                queues[name](channel).queue_declare()
        except PreconditionFailed as error:
            yield Error(
                f"RabbitMQ has the queue {name} in another way than is wanted: {error}",
                hint=f"Remove it (rabbitmqctl delete_queue {name}): what waits is rung again."
                " Or set BROKER_QUEUE_TYPE, or CELERY_TASK_QUEUES, as it was.",
                id="jobs.E027",
            )


def _peer(sock: Any) -> str:
    """The address at the other end; nothing for a socket in a file."""
    name = sock.getpeername()
    return str(name[0]) if isinstance(name, tuple) else ""


def _openness(address: str, *, is_secret: bool) -> Iterator[CheckMessage]:
    if address and ip_address(address.partition("%")[0]).is_global and not is_secret:
        yield Error(
            "The broker has a public address and no password: whoever finds it reads and"
            " writes all messages.",
            hint="Give it a password, and TLS: rediss:// or amqps://.",
            id="jobs.E025",
        )


def _refuses(wrong: BaseException | None) -> bool:
    """Whether it is more than that nobody answers."""
    while wrong is not None:
        if isinstance(wrong, _REFUSALS):
            return True
        wrong = wrong.__cause__ or wrong.__context__
    return False


_REFUSALS = (
    AuthenticationError,
    AuthorizationError,
    AccessRefused,
    NotAllowed,
    SSLCertVerificationError,
)


def _eviction(policy: str) -> Iterator[CheckMessage]:
    if policy != "noeviction":
        yield Error(
            "The broker throws messages away when memory runs out (maxmemory-policy"
            f" {policy}): 5946 of 6000 were lost in a test, without an error.",
            hint="Set maxmemory-policy noeviction.",
            id="jobs.E021",
        )


def _persistence(has_log: bool, snapshots: str | None) -> Iterator[CheckMessage]:
    if not has_log and snapshots == "":
        yield Error(
            "The broker keeps nothing over a restart.",
            hint="Set appendonly yes (appendfsync everysec).",
            id="jobs.E022",
        )
    elif not has_log:
        yield Warning(
            "The broker loses what came after its last snapshot.",
            hint="Set appendonly yes (appendfsync everysec).",
            id="jobs.W023",
        )


def _configured(client: Any, name: str) -> str | None:
    """The value of CONFIG GET, which managed servers may forbid."""
    try:
        value: str = client.config_get(name).get(name)
    except RedisError:
        return None
    return value
