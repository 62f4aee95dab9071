"""The ledger's horizon waits for writers of this database alone, not for those of others on the same server."""

from django.db import migrations

# Every number below the snapshot's xmax is finished or in xip. One in xip is left out only when it surely belongs
# to a session of another database; our own, which a snapshot does not list, counts as running.
HORIZON = """
create or replace function fabric_ledger_horizon() returns bigint language sql stable as $$
  select least(
    coalesce(min(running.number), pg_snapshot_xmax(pg_current_snapshot())::text::bigint),
    pg_current_xact_id_if_assigned()::text::bigint
  ) + fabric_ledger_offset()
  from (select x::text::bigint as number from pg_snapshot_xip(pg_current_snapshot()) x) running
  where not exists (
    select from pg_stat_activity session
    where session.backend_xid::text::bigint = running.number & 4294967295
      and session.datname <> current_database()
  )
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("fabric", "0003_seals_and_workers")]
    operations = [migrations.RunSQL(HORIZON, reverse_sql=migrations.RunSQL.noop)]
