"""What Django's migrations can't say: the ledger's clock, its append-only trigger, unlogged rate counts."""

from django.db import migrations

APPEND_ONLY = """
create function fabric_ledger_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger ledger_append_only before update or delete on fabric_ledgerentry
  for each row execute function fabric_ledger_refuse();
create trigger ledger_no_truncate before truncate on fabric_ledgerentry
  for each statement execute function fabric_ledger_refuse();
create trigger seal_append_only before update or delete on fabric_ledgerseal
  for each row execute function fabric_ledger_refuse();
create trigger seal_no_truncate before truncate on fabric_ledgerseal
  for each statement execute function fabric_ledger_refuse();
alter table fabric_ratecount set unlogged;
"""


class Migration(migrations.Migration):
    dependencies = [("fabric", "0001_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY, reverse_sql=migrations.RunSQL.noop)]
