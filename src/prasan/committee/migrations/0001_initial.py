
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
import prasan.fabric.personal
from django.conf import settings
from django.db import migrations, models

# A resolution is a fact: nobody changes or deletes it. Minutes are locked once a later meeting has certified them.
LOCKED = """
create function committee_refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % refused: it is final', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger resolution_final before update or delete on committee_resolution
  for each row execute function committee_refuse();
create trigger minutes_final before update or delete on committee_minutes
  for each row when (old.state = 'certified') execute function committee_refuse();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('city', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Committee',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True)),
                ('name_th', models.TextField()),
                ('name_en', models.TextField()),
                ('order_number', models.TextField(blank=True)),
                ('order_date', models.DateField(null=True)),
                ('powers', models.TextField(blank=True)),
                ('board', models.TextField(blank=True, choices=[('', 'ไม่พิจารณาโครงการ'), ('screening', 'คณะกลั่นกรอง'), ('main', 'คณะกรรมการหลัก')], default='')),
                ('rules', models.JSONField(default=dict)),
                ('publish', models.TextField(choices=[('nothing', 'ไม่เผยแพร่'), ('resolutions', 'มติที่ประชุม'), ('minutes', 'มติและรายงานการประชุมที่รับรองแล้ว')], default='nothing')),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='FollowUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task', models.TextField()),
                ('due_on', models.DateField()),
                ('state', models.TextField(choices=[('open', 'รอรายงานผล'), ('reported', 'รายงานแล้ว รอที่ประชุม'), ('closed', 'ปิดเมื่อ')], default='open')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('closed_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='city.agency')),
                ('committee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='follow_ups', to='committee.committee')),
            ],
        ),
        migrations.CreateModel(
            name='FollowUpReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('done', models.BooleanField(default=False)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('follow_up', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='committee.followup')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Matter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, unique=True)),
                ('kind', models.TextField(blank=True, help_text="kind of subject in fabric.decisions; empty: the committee's own")),
                ('reference', models.TextField(blank=True)),
                ('title', models.TextField()),
                ('agency', models.TextField(blank=True)),
                ('state', models.TextField(choices=[('open', 'เปิด'), ('decided', 'มีมติแล้ว')], default='open')),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('committee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='matters', to='committee.committee')),
            ],
        ),
        migrations.CreateModel(
            name='AgendaItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('section', models.TextField(help_text='code of a part of the agenda template')),
                ('position', models.SmallIntegerField()),
                ('title', models.TextField()),
                ('background', models.TextField(blank=True)),
                ('facts', models.TextField(blank=True)),
                ('law', models.TextField(blank=True)),
                ('question', models.TextField(blank=True)),
                ('discussion', models.TextField(blank=True)),
                ('state', models.TextField(choices=[('waiting', 'ยังไม่พิจารณา'), ('discussed', 'กำลังพิจารณา'), ('decided', 'มีมติแล้ว'), ('noted', 'พิจารณาแล้วโดยไม่มีมติ'), ('postponed', 'เลื่อนการพิจารณา')], default='waiting')),
                ('proposed_outcome', models.TextField(blank=True, choices=[('approved', 'เห็นชอบ'), ('approved_with_conditions', 'เห็นชอบโดยมีเงื่อนไข'), ('not_approved', 'ไม่เห็นชอบ'), ('acknowledged', 'รับทราบ'), ('reconsider', 'ให้ทบทวน'), ('not_considered', 'ไม่พิจารณา')])),
                ('proposed_text', models.TextField(blank=True)),
                ('proposed_conditions', models.TextField(blank=True)),
                ('proposal_version', models.SmallIntegerField(default=0)),
                ('voting', models.TextField(blank=True, choices=[('', 'ไม่มีการลงมติ'), ('named', 'ลงมติโดยเปิดเผยรายชื่อ')], default='')),
                ('follow_up', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='committee.followup')),
                ('matter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='committee.matter')),
            ],
        ),
        migrations.CreateModel(
            name='Meeting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.SmallIntegerField()),
                ('year', models.SmallIntegerField(help_text='พ.ศ.')),
                ('starts_at', models.DateTimeField()),
                ('mode', models.TextField(choices=[('on_site', 'ประชุม ณ สถานที่'), ('online', 'ออนไลน์'), ('mixed', 'ณ สถานที่และออนไลน์')], default='on_site')),
                ('place', models.TextField(blank=True)),
                ('link', models.TextField(blank=True)),
                ('state', models.TextField(choices=[('planned', 'กำหนดการแล้ว'), ('notice_sent', 'ส่งหนังสือเชิญแล้ว'), ('open', 'กำลังประชุม'), ('adjourned', 'เลื่อนการประชุม'), ('closed', 'ปิดเมื่อ')], default='planned')),
                ('notice_sent_at', models.DateTimeField(null=True)),
                ('notice_short', models.BooleanField(default=False, help_text='sent later than the rules ask, on purpose')),
                ('opened_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('revision', models.IntegerField(default=1)),
                ('committee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='committee.committee')),
                ('current_item', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='committee.agendaitem')),
                ('second_call_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.meeting')),
            ],
        ),
        migrations.AddField(
            model_name='agendaitem',
            name='meeting',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='committee.meeting'),
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
                ('position', models.TextField(blank=True)),
                ('email', prasan.fabric.personal.EncryptedTextField(default='', editable=True)),
                ('role', models.TextField(choices=[('chair', 'ประธาน'), ('vice', 'รองประธาน'), ('member', 'กรรมการ'), ('secretary', 'เลขานุการ'), ('assistant', 'ผู้ช่วยเลขานุการ')], default='member')),
                ('votes', models.BooleanField(default=True)),
                ('substitute_allowed', models.BooleanField(default=False)),
                ('order', models.SmallIntegerField(default=50)),
                ('term_from', models.DateField()),
                ('term_to', models.DateField(null=True)),
                ('committee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='committee.committee')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='meeting',
            name='elected_chair',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.member'),
        ),
        migrations.CreateModel(
            name='Dissent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reasons', models.TextField()),
                ('written_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dissents', to='committee.agendaitem')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.member')),
            ],
        ),
        migrations.CreateModel(
            name='Declaration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('declared_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='declarations', to='committee.agendaitem')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.member')),
            ],
        ),
        migrations.CreateModel(
            name='Attendance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField(blank=True, help_text="a substitute's or a guest's")),
                ('position', models.TextField(blank=True)),
                ('online', models.BooleanField(default=False)),
                ('arrived_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(null=True)),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attendance', to='committee.meeting')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.member')),
            ],
        ),
        migrations.CreateModel(
            name='Minutes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.TextField(choices=[('draft', 'ร่าง'), ('circulated', 'เวียนให้ตรวจแก้'), ('certified', 'รับรองแล้ว')], default='draft')),
                ('content', models.TextField(blank=True, help_text='canonical JSON of the document once it is circulated')),
                ('content_hash', models.CharField(blank=True, max_length=64)),
                ('circulated_at', models.DateTimeField(null=True)),
                ('certified_at', models.DateTimeField(null=True)),
                ('certified_in', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.meeting')),
                ('meeting', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='minutes', to='committee.meeting')),
            ],
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was', models.TextField()),
                ('becomes', models.TextField()),
                ('state', models.TextField(choices=[('proposed', 'ขอแก้ไข'), ('accepted', 'แก้ไขตามที่ขอ'), ('refused', 'ไม่แก้ไข')], default='proposed')),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.member')),
                ('minutes', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='committee.minutes')),
            ],
        ),
        migrations.AddField(
            model_name='agendaitem',
            name='adopts',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='committee.minutes'),
        ),
        migrations.CreateModel(
            name='Paper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('title', models.TextField()),
                ('kind', models.TextField(help_text='ending by which it is known: pdf, png, jpg')),
                ('size', models.IntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('added_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='papers', to='committee.agendaitem')),
            ],
        ),
        migrations.CreateModel(
            name='Resolution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.TextField(help_text='meeting and place on its agenda: 1/2569 4.2')),
                ('outcome', models.TextField(choices=[('approved', 'เห็นชอบ'), ('approved_with_conditions', 'เห็นชอบโดยมีเงื่อนไข'), ('not_approved', 'ไม่เห็นชอบ'), ('acknowledged', 'รับทราบ'), ('reconsider', 'ให้ทบทวน'), ('not_considered', 'ไม่พิจารณา')])),
                ('text', models.TextField()),
                ('conditions', models.TextField(blank=True)),
                ('method', models.TextField(choices=[('no_objection', 'ไม่มีผู้คัดค้าน'), ('named', 'ลงมติโดยเปิดเผยรายชื่อ')])),
                ('agree', models.SmallIntegerField(default=0)),
                ('against', models.SmallIntegerField(default=0)),
                ('abstain', models.SmallIntegerField(default=0)),
                ('casting', models.TextField(blank=True)),
                ('members', models.SmallIntegerField(help_text='members who counted for this item')),
                ('present', models.SmallIntegerField(help_text='of them present')),
                ('snapshot', models.TextField(help_text='the evidence as canonical JSON')),
                ('snapshot_hash', models.CharField(help_text='SHA-256 of `snapshot` in UTF-8', max_length=64)),
                ('decided_at', models.DateTimeField()),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='resolution', to='committee.agendaitem')),
                ('matter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resolutions', to='committee.matter')),
                ('presided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.member')),
            ],
        ),
        migrations.AddField(
            model_name='followup',
            name='resolution',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='follow_ups', to='committee.resolution'),
        ),
        migrations.CreateModel(
            name='Vote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('choice', models.TextField(choices=[('agree', 'เห็นด้วย'), ('against', 'ไม่เห็นด้วย'), ('abstain', 'งดออกเสียง')])),
                ('casting', models.BooleanField(default=False)),
                ('cast_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='votes', to='committee.agendaitem')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='committee.member')),
            ],
        ),
        migrations.AddConstraint(
            model_name='matter',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', ''), _negated=True), fields=('committee', 'kind', 'reference'), name='matter_subject_once'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(condition=models.Q(('term_to', None)), fields=('committee', 'user'), name='member_account_once'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(condition=models.Q(('role', 'chair'), ('term_to', None)), fields=('committee',), name='member_one_chair'),
        ),
        migrations.AddIndex(
            model_name='meeting',
            index=models.Index(fields=['committee', 'starts_at'], name='meeting_by_time'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.UniqueConstraint(fields=('committee', 'year', 'number'), name='meeting_number_once'),
        ),
        migrations.AddConstraint(
            model_name='dissent',
            constraint=models.UniqueConstraint(fields=('item', 'member'), name='dissent_once'),
        ),
        migrations.AddConstraint(
            model_name='declaration',
            constraint=models.UniqueConstraint(fields=('item', 'member'), name='declaration_once'),
        ),
        migrations.AddConstraint(
            model_name='attendance',
            constraint=models.UniqueConstraint(condition=models.Q(('left_at', None)), fields=('meeting', 'member'), name='attendance_once'),
        ),
        migrations.AddConstraint(
            model_name='attendance',
            constraint=models.CheckConstraint(condition=models.Q(('left_at', None), ('left_at__gte', models.F('arrived_at')), _connector='OR'), name='attendance_forward'),
        ),
        migrations.AddConstraint(
            model_name='agendaitem',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('meeting', 'section', 'position'), name='item_place_once'),
        ),
        migrations.AddIndex(
            model_name='followup',
            index=models.Index(fields=['committee', 'state', 'due_on'], name='follow_up_open'),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=models.UniqueConstraint(fields=('item', 'member', 'casting'), name='vote_once'),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=models.UniqueConstraint(condition=models.Q(('casting', True)), fields=('item',), name='vote_one_casting'),
        ),
        migrations.RunSQL(LOCKED, reverse_sql=migrations.RunSQL.noop),
    ]
