"""Our addresses, under whatever prefix the site gives them. A caller's own id or name
may hold slashes: pages of a job end in one, its files do not, so nothing is ambiguous."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from jobs.api import door
from jobs.api.bulk import ManyVerbConverter
from jobs.api.queues import FreezeVerbConverter, QueueVerbConverter
from jobs.api.schedule_verbs import ScheduleVerbConverter
from jobs.api.verbs import VerbConverter
from jobs.api.worker_verbs import WorkerReadingConverter, WorkerVerbConverter
from jobs.web import (
    access,
    annotate,
    backfill,
    bulk,
    calendar,
    columns,
    downloads,
    edit,
    export,
    fire,
    home,
    jobs,
    log,
    policy,
    queue_verbs,
    queues,
    routes,
    saved,
    schedule,
    schedule_bulk,
    schedule_form,
    schedule_verbs,
    schedules,
    tasks,
    timeline,
    tokens,
    verbs,
    worker_verbs,
    workers,
)


class KeyConverter(StringConverter):
    """An id or a name as callers make them up; only NUL, which no database takes, is none."""

    regex = r"[^\x00]+"


register_converter(KeyConverter, "key")
register_converter(VerbConverter, "verb")
register_converter(ManyVerbConverter, "manyverb")
register_converter(ScheduleVerbConverter, "scheduleverb")
register_converter(WorkerVerbConverter, "workerverb")
register_converter(WorkerReadingConverter, "workerreading")
register_converter(QueueVerbConverter, "queueverb")
register_converter(FreezeVerbConverter, "freezeverb")

app_name = "jobs"
urlpatterns = [
    path("", home.home, name="home"),
    path("api/", include((door.patterns(), "api"))),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/<key:name>/access", access.of_task, name="task_access"),
    path("tasks/<key:name>/policy", policy.policy, name="policy"),
    path("tasks/<key:name>/", tasks.task, name="task"),
    path("schedules/calendar", calendar.calendar, name="calendar"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/bulk", schedule_bulk.bulk, name="schedule_bulk"),
    path("schedules/<int:schedule_id>/", schedule.schedule, name="schedule"),
    path(
        "schedules/<int:schedule_id>/verbs/<slug:verb>",
        schedule_verbs.act,
        name="schedule_verb",
    ),
    path("schedules/new", schedule_form.new_schedule, name="new_schedule"),
    path("schedules/preview", schedule_form.schedule_preview, name="schedule_preview"),
    path("schedules/timeline", timeline.timeline, name="timeline"),
    path("schedules/<int:schedule_id>/fire", fire.fire, name="fire_schedule"),
    path("schedules/<int:schedule_id>/backfill", backfill.backfill, name="backfill"),
    path(
        "schedules/<int:schedule_id>/backfills/<uuid:backfill_id>",
        backfill.backfilled,
        name="backfilled",
    ),
    path(
        "schedules/<int:schedule_id>/backfills/<uuid:backfill_id>/cancel",
        backfill.cancel,
        name="cancel_backfill",
    ),
    path("schedules/<int:schedule_id>/edit", schedule_form.edit_schedule, name="edit_schedule"),
    path("workers/", workers.workers, name="workers"),
    path("workers/<key:name>/verbs/<slug:verb>", worker_verbs.act, name="worker_verb"),
    path("workers/<key:name>/ask/<slug:what>", worker_verbs.ask, name="ask_worker"),
    path("workers/<key:name>/", workers.worker, name="worker"),
    path("queues/", queues.queues, name="queues"),
    path("queues/routes", routes.routes, name="routes"),
    path("queues/freeze", queue_verbs.freeze, name="freeze"),
    path("queues/<key:name>/purge", queue_verbs.purge, name="purge_queue"),
    path("queues/<key:name>/move", queue_verbs.move, name="move_queue"),
    path("queues/<key:name>/verbs/<slug:verb>", queue_verbs.act, name="queue_verb"),
    path("queues/<key:name>/", queues.queue, name="queue"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke", tokens.revoke, name="revoke_token"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/bulk", bulk.bulk, name="bulk"),
    path("jobs/<key:job_id>/access", access.of_job, name="job_access"),
    path("jobs/export", export.jobs, name="export"),
    path("jobs/filters", saved.saved, name="filters"),
    path("jobs/filters/<int:saved_id>", saved.one, name="saved_filter"),
    path("jobs/suggest", jobs.suggest, name="suggest"),
    path("jobs/columns", columns.columns, name="columns"),
    path("jobs/<key:job_id>/log", log.log, name="log"),
    path("jobs/<key:job_id>/log.txt", log.log_text, name="log_text"),
    path("jobs/<key:job_id>/result.json", downloads.result, name="result"),
    path("jobs/<key:job_id>/artifacts.zip", downloads.archive, name="archive"),
    path("jobs/<key:job_id>/artifacts/<uuid:artifact_id>", downloads.artifact, name="artifact"),
    path(
        "jobs/<key:job_id>/artifacts/<uuid:artifact_id>/thumbnail",
        downloads.thumbnail,
        name="thumbnail",
    ),
    path(
        "jobs/<key:job_id>/artifacts/<uuid:artifact_id>/preview",
        downloads.preview,
        name="preview",
    ),
    path("jobs/<key:job_id>/errors.csv", downloads.errors, name="errors"),
    path("jobs/<key:job_id>/edit", edit.edit, name="edit"),
    path("jobs/<key:job_id>/words", annotate.annotate, name="annotate"),
    path("jobs/<key:job_id>/verbs/<slug:verb>", verbs.act, name="verb"),
    path("jobs/<key:job_id>/", jobs.job, name="job"),
]
