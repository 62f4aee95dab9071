"""Fingerprints that name a changed entry; workers' heartbeats; room for rate counts to be updated in place."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fabric", "0002_ledger_is_append_only")]
    operations = [
        migrations.AddField(
            model_name="ledgerseal",
            name="fingerprints",
            field=models.BinaryField(
                default=b"", help_text="first 4 bytes of each entry's leaf hash, in order: they name a changed entry"
            ),
        ),
        migrations.AlterField(
            model_name="ratecount",
            name="key",
            field=models.TextField(help_text="what is limited and who calls, hashed", primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name="ratecount",
            name="window",
            field=models.BigIntegerField(help_text="end of the window, Unix time in seconds"),
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("name", models.TextField(help_text="host and process number", primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RunSQL(
            "alter table fabric_ratecount set (fillfactor = 50); alter table fabric_workerheartbeat set unlogged",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
