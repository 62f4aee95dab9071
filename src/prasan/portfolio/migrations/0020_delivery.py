"""What became of decided projects: money by stage, milestones, risks, what was measured."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0021_consolidation_prices'),
    ]

    operations = [
        migrations.CreateModel(
            name='BudgetFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fiscal_year', models.SmallIntegerField()),
                ('stage', models.TextField(choices=[('screened', 'Screened'), ('ordinance', 'In the ordinance'), ('adjusted', 'Adjusted'), ('contracted', 'Contracted'), ('disbursed', 'Disbursed')])),
                ('month', models.DateField(help_text='first day of the month in which it was disbursed', null=True)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=16)),
                ('source', models.TextField(blank=True, help_text='name of the file it came from; empty: entered by hand')),
                ('by_kind', models.TextField()),
                ('by_id', models.TextField(blank=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='figures', to='portfolio.proposal')),
            ],
            options={
                'indexes': [models.Index(fields=['fiscal_year', 'stage'], name='budget_figure_year')],
                'constraints': [models.UniqueConstraint(fields=('proposal', 'fiscal_year', 'stage', 'month'), name='budget_figure_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='budget_figure_positive'), models.CheckConstraint(condition=models.Q(models.Q(('month__isnull', False), ('stage', 'disbursed')), models.Q(models.Q(('stage', 'disbursed'), _negated=True), ('month', None)), _connector='OR'), name='budget_figure_month')],
            },
        ),
        migrations.CreateModel(
            name='MetricReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField()),
                ('value', models.DecimalField(decimal_places=4, max_digits=20)),
                ('source', models.TextField(help_text='where the value comes from')),
                ('by_id', models.TextField(blank=True)),
                ('metric', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='portfolio.metric')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('metric', 'on'), name='metric_reading_once')],
            },
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
                ('planned_on', models.DateField()),
                ('done_on', models.DateField(null=True)),
                ('in_use', models.BooleanField(default=False, help_text='from this day people use it: before and after are told apart here')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='portfolio.proposal')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('done_on', None)), fields=['planned_on'], name='milestone_open')],
                'constraints': [models.UniqueConstraint(fields=('proposal', 'name'), name='milestone_once')],
            },
        ),
        migrations.CreateModel(
            name='Risk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.TextField()),
                ('likelihood', models.SmallIntegerField()),
                ('effect', models.SmallIntegerField()),
                ('owner', models.TextField(help_text="the position that answers for it, not a person's name")),
                ('response', models.TextField(help_text='what is done about it')),
                ('closed_on', models.DateField(null=True)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='risks', to='portfolio.proposal')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('likelihood__range', (1, 5)), ('effect__range', (1, 5))), name='risk_scale')],
            },
        ),
    ]
