from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_indexes_of_lists")]

    operations = [
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["task", "-at"],
                condition=models.Q(("job__isnull", True)),
                name="event_of_task",
            ),
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                fields=["-finished_at"],
                condition=models.Q(("state", "failed")),
                name="job_failed",
            ),
        ),
    ]
