
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('city', '0001_initial'),
        ('portfolio', '0010_selection'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsolidationPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, unique=True)),
                ('title', models.TextField()),
                ('counterfactual', models.TextField(blank=True, help_text='what would be spent without the plan, and why')),
                ('method', models.TextField(blank=True, help_text='how the savings were estimated')),
                ('evidence', models.TextField(blank=True, help_text='contracts, offers, counts that show it')),
                ('first_year', models.SmallIntegerField(help_text='first fiscal year (พ.ศ.) that is counted')),
                ('one_off_payer', models.TextField(blank=True, help_text='code of the agency that pays for building and moving')),
                ('yearly_payer', models.TextField(blank=True, help_text='code of the agency that pays for running it')),
                ('state', models.TextField(choices=[('draft', 'Being written'), ('claimed', 'Claimed'), ('validated', 'Validated'), ('realised', 'Realised'), ('dropped', 'Given up')], default='draft')),
                ('claimed_by', models.TextField(blank=True, help_text='who claimed the savings, as kind:id')),
                ('validated_by', models.TextField(blank=True, help_text='who validated them, as kind:id')),
                ('version', models.IntegerField(default=1)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lead', models.ForeignKey(help_text='the agency that carries it out', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='city.agency')),
                ('target_proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plans_onto', to='portfolio.proposal')),
                ('target_system', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plans_onto', to='portfolio.system')),
            ],
        ),
        migrations.CreateModel(
            name='MigrationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_on', models.DateField()),
                ('what', models.TextField()),
                ('share', models.SmallIntegerField(help_text='percent of all users that have moved by then')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='migration', to='portfolio.consolidationplan')),
            ],
        ),
        migrations.CreateModel(
            name='PlanActual',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fiscal_year', models.SmallIntegerField()),
                ('members_spent', models.DecimalField(decimal_places=2, help_text='baht spent on the members', max_digits=16)),
                ('platform_spent', models.DecimalField(decimal_places=2, help_text='baht spent on the platform because of the plan', max_digits=16)),
                ('evidence', models.TextField(help_text='where the figures are from')),
                ('by_id', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actuals', to='portfolio.consolidationplan')),
            ],
        ),
        migrations.CreateModel(
            name='PlanBaseline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fiscal_year', models.SmallIntegerField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=16)),
                ('counted', models.BooleanField(default=False)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='baseline', to='portfolio.consolidationplan')),
                ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portfolio.proposal')),
                ('system', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portfolio.system')),
            ],
        ),
        migrations.CreateModel(
            name='PlanCost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fiscal_year', models.SmallIntegerField()),
                ('part', models.TextField(choices=[('one_off', 'Once: building and moving'), ('yearly', 'Every year: running it')])),
                ('amount', models.DecimalField(decimal_places=2, max_digits=16)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='costs', to='portfolio.consolidationplan')),
            ],
        ),
        migrations.CreateModel(
            name='PlanMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(blank=True, help_text='why it does the same as the platform')),
                ('ends_low', models.SmallIntegerField(default=0, help_text='percent of its baseline that surely ends')),
                ('ends_high', models.SmallIntegerField(default=0, help_text='percent of its baseline that ends at best')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='portfolio.consolidationplan')),
                ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plan_members', to='portfolio.proposal')),
                ('system', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plan_members', to='portfolio.system')),
            ],
        ),
        migrations.CreateModel(
            name='PlanStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('action', models.TextField()),
                ('before', models.TextField(blank=True)),
                ('after', models.TextField()),
                ('by_kind', models.TextField()),
                ('by_id', models.TextField(blank=True)),
                ('note', models.TextField(blank=True)),
                ('years', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), default=list, help_text='fiscal years that the move was about', size=None)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='portfolio.consolidationplan')),
            ],
        ),
        migrations.CreateModel(
            name='PriceEdition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.TextField(help_text='who published it; editions of one source replace each other')),
                ('name', models.TextField()),
                ('valid_from', models.DateField()),
                ('file_hash', models.TextField(help_text='SHA-256 of the file it was imported from')),
                ('imported_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by_id', models.TextField(blank=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('source', 'valid_from'), name='price_edition_once')],
            },
        ),
        migrations.CreateModel(
            name='PriceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
                ('specification', models.TextField(blank=True)),
                ('quantity', models.DecimalField(decimal_places=2, max_digits=14)),
                ('unit', models.TextField(blank=True, help_text='as the agency writes it')),
                ('unit_code', models.TextField(blank=True, help_text='what one of it is; empty: not told, or a lump sum')),
                ('unit_price', models.DecimalField(decimal_places=2, help_text='baht for one `unit`', max_digits=16)),
                ('base_price', models.DecimalField(decimal_places=2, help_text='baht for one of `unit_code`', max_digits=16, null=True)),
                ('words', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='price_lines', to='portfolio.proposal')),
            ],
        ),
        migrations.CreateModel(
            name='PriceFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('above_reference', 'Above the reference price'), ('above_history', 'Far above what others pay'), ('unit_missing', 'Price for what?'), ('too_little_data', 'Too little to compare with')])),
                ('facts', models.JSONField(default=dict, help_text='the numbers that the reason is told with')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='portfolio.priceline')),
            ],
        ),
        migrations.CreateModel(
            name='PriceAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('above_reference', 'Above the reference price'), ('above_history', 'Far above what others pay'), ('unit_missing', 'Price for what?'), ('too_little_data', 'Too little to compare with')])),
                ('name', models.TextField(help_text='what the line was called')),
                ('unit_price', models.DecimalField(decimal_places=2, help_text='the price that was answered for', max_digits=16)),
                ('reason', models.TextField()),
                ('by_id', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='price_answers', to='portfolio.proposal')),
                ('line', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='answers', to='portfolio.priceline')),
            ],
        ),
        migrations.CreateModel(
            name='ReferencePrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.TextField(blank=True, help_text="the list's own number of it")),
                ('name', models.TextField()),
                ('specification', models.TextField(blank=True)),
                ('unit', models.TextField(help_text='as the list writes it')),
                ('unit_code', models.TextField()),
                ('price', models.DecimalField(decimal_places=2, help_text='baht for one `unit`', max_digits=16)),
                ('base_price', models.DecimalField(decimal_places=2, help_text='baht for one of `unit_code`', max_digits=16)),
                ('words', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='portfolio.priceedition')),
            ],
        ),
        migrations.AddIndex(
            model_name='consolidationplan',
            index=models.Index(fields=['-updated_at', '-id'], name='plan_latest'),
        ),
        migrations.AddConstraint(
            model_name='consolidationplan',
            constraint=models.CheckConstraint(condition=models.Q(('target_system', None), ('target_proposal', None), _connector='OR'), name='plan_one_target'),
        ),
        migrations.AddConstraint(
            model_name='consolidationplan',
            constraint=models.CheckConstraint(condition=models.Q(('validated_by', ''), models.Q(('validated_by', models.F('claimed_by')), _negated=True), _connector='OR'), name='plan_checked_by_another'),
        ),
        migrations.AddConstraint(
            model_name='migrationstep',
            constraint=models.UniqueConstraint(fields=('plan', 'due_on'), name='migration_step_once'),
        ),
        migrations.AddConstraint(
            model_name='migrationstep',
            constraint=models.CheckConstraint(condition=models.Q(('share__gte', 0), ('share__lte', 100)), name='migration_share'),
        ),
        migrations.AddConstraint(
            model_name='planactual',
            constraint=models.UniqueConstraint(fields=('plan', 'fiscal_year'), name='plan_actual_once'),
        ),
        migrations.AddConstraint(
            model_name='planactual',
            constraint=models.CheckConstraint(condition=models.Q(('members_spent__gte', 0), ('platform_spent__gte', 0)), name='plan_actual_positive'),
        ),
        migrations.AddConstraint(
            model_name='planbaseline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposal__isnull', False), ('system', None)), models.Q(('proposal', None), ('system__isnull', False)), _connector='OR'), name='baseline_one'),
        ),
        migrations.AddConstraint(
            model_name='planbaseline',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='baseline_positive'),
        ),
        migrations.AddConstraint(
            model_name='planbaseline',
            constraint=models.UniqueConstraint(fields=('plan', 'system', 'fiscal_year'), name='baseline_plan_system'),
        ),
        migrations.AddConstraint(
            model_name='planbaseline',
            constraint=models.UniqueConstraint(fields=('plan', 'proposal', 'fiscal_year'), name='baseline_plan_proposal'),
        ),
        migrations.AddConstraint(
            model_name='planbaseline',
            constraint=models.UniqueConstraint(condition=models.Q(('counted', True)), fields=('system', 'fiscal_year'), name='baseline_system_counted_once'),
        ),
        migrations.AddConstraint(
            model_name='planbaseline',
            constraint=models.UniqueConstraint(condition=models.Q(('counted', True)), fields=('proposal', 'fiscal_year'), name='baseline_proposal_counted_once'),
        ),
        migrations.AddConstraint(
            model_name='plancost',
            constraint=models.UniqueConstraint(fields=('plan', 'fiscal_year', 'part'), name='plan_cost_once'),
        ),
        migrations.AddConstraint(
            model_name='plancost',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='plan_cost_positive'),
        ),
        migrations.AddConstraint(
            model_name='planmember',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposal__isnull', False), ('system', None)), models.Q(('proposal', None), ('system__isnull', False)), _connector='OR'), name='plan_member_one'),
        ),
        migrations.AddConstraint(
            model_name='planmember',
            constraint=models.CheckConstraint(condition=models.Q(('ends_high__lte', 100), ('ends_low__gte', 0), ('ends_low__lte', models.F('ends_high'))), name='plan_member_range'),
        ),
        migrations.AddConstraint(
            model_name='planmember',
            constraint=models.UniqueConstraint(fields=('plan', 'system'), name='plan_system_once'),
        ),
        migrations.AddConstraint(
            model_name='planmember',
            constraint=models.UniqueConstraint(fields=('plan', 'proposal'), name='plan_proposal_once'),
        ),
        migrations.AddIndex(
            model_name='planstep',
            index=models.Index(fields=['plan', 'id'], name='plan_step_plan'),
        ),
        migrations.AddIndex(
            model_name='priceline',
            index=models.Index(fields=['proposal', 'id'], name='price_line_proposal'),
        ),
        migrations.AddIndex(
            model_name='priceline',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words'], name='price_line_words'),
        ),
        migrations.AddConstraint(
            model_name='priceline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0), ('unit_price__gte', 0)), name='price_line_positive'),
        ),
        migrations.AddIndex(
            model_name='priceflag',
            index=models.Index(fields=['kind', '-id'], name='price_flag_kind'),
        ),
        migrations.AddConstraint(
            model_name='priceflag',
            constraint=models.UniqueConstraint(fields=('line', 'kind'), name='price_flag_once'),
        ),
        migrations.AddIndex(
            model_name='referenceprice',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words'], name='reference_price_words'),
        ),
        migrations.AddConstraint(
            model_name='referenceprice',
            constraint=models.CheckConstraint(condition=models.Q(('price__gt', 0)), name='reference_price_positive'),
        ),
    ]
