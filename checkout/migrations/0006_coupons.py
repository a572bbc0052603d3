import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from storefront.text import fold_mailbox


def fill_mailboxes(apps, schema_editor):
    Order = apps.get_model("checkout", "Order")
    Order.objects.update(mailbox=F("email_folded"))
    aliased = Q(email_folded__contains="+") | Q(email_folded__endswith="@gmail.com") | Q(email_folded__endswith="@googlemail.com")
    orders = list(Order.objects.filter(aliased).only("email_folded"))
    for order in orders:
        order.mailbox = fold_mailbox(order.email_folded)
    Order.objects.bulk_update(orders, ["mailbox"], batch_size=500)



class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_releases_and_limits'),
        ('checkout', '0005_priced_lines'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='In any script. Buyers may type it in capitals or not, with or without dashes and spaces, and with the digits of their keyboard.', max_length=60, verbose_name='code')),
                ('code_folded', models.CharField(editable=False, max_length=240, unique=True)),
                ('batch', models.CharField(blank=True, db_index=True, editable=False, max_length=100, verbose_name='batch')),
                ('note', models.CharField(blank=True, help_text='For you and your colleagues.', max_length=300, verbose_name='note')),
                ('kind', models.CharField(choices=[('percent', 'A share of the price'), ('fixed', 'A fixed amount')], default='percent', max_length=10, verbose_name='kind of discount')),
                ('rate_bps', models.PositiveIntegerField(default=0, verbose_name='share')),
                ('amounts', models.JSONField(blank=True, default=dict, verbose_name='amount')),
                ('minimums', models.JSONField(blank=True, default=dict, verbose_name='from what sum on')),
                ('starts_at', models.DateTimeField(blank=True, null=True, verbose_name='valid from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('max_uses', models.PositiveIntegerField(blank=True, help_text='Empty is without limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='uses in all')),
                ('max_uses_per_buyer', models.PositiveIntegerField(blank=True, help_text='Counted by e-mail address, with all its aliases, and by account.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='uses for each buyer')),
                ('is_for_all', models.BooleanField(default=True, editable=False, verbose_name='for everything')),
                ('requires_all', models.BooleanField(default=False, verbose_name='with all of them, not just one')),
                ('buyers', models.CharField(choices=[('anyone', 'Anyone'), ('new', 'Whoever buys for the first time'), ('earlier', 'Whoever has bought before')], default='anyone', help_text="Orders that cost nothing don't count as bought.", max_length=10, verbose_name='for whom')),
                ('email', models.EmailField(blank=True, help_text='Nobody else can use it then.', max_length=320, verbose_name='for one address')),
                ('is_stackable', models.BooleanField(default=False, help_text='With those that do so too. Otherwise buyers get whichever saves them more.', verbose_name='combines with others')),
                ('is_active', models.BooleanField(default=True, verbose_name='switched on')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'coupon',
                'verbose_name_plural': 'coupons',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.PositiveBigIntegerField(verbose_name='taken off')),
                ('redeemed_at', models.DateTimeField(auto_now_add=True, verbose_name='time')),
            ],
            options={
                'verbose_name': 'use of a coupon',
                'verbose_name_plural': 'uses of coupons',
                'ordering': ['-pk'],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='mailbox',
            field=models.CharField(default='', editable=False, max_length=320),
            preserve_default=False,
        ),
        migrations.RunPython(fill_mailboxes, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['mailbox'], name='order_of_mailbox'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='categories',
            field=models.ManyToManyField(blank=True, related_name='+', to='catalog.category', verbose_name='for these categories'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='excluded_categories',
            field=models.ManyToManyField(blank=True, related_name='+', to='catalog.category', verbose_name='never for these categories'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='excluded_products',
            field=models.ManyToManyField(blank=True, related_name='+', to='catalog.product', verbose_name='never for these products'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='products',
            field=models.ManyToManyField(blank=True, help_text='Nothing here and in the next is for everything.', related_name='+', to='catalog.product', verbose_name='for these products'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='required_products',
            field=models.ManyToManyField(blank=True, help_text='It may be for other things than these.', related_name='+', to='catalog.product', verbose_name='only with these in the cart'),
        ),
        migrations.AddField(
            model_name='redemption',
            name='coupon',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='checkout.coupon', verbose_name='coupon'),
        ),
        migrations.AddField(
            model_name='redemption',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='checkout.order', verbose_name='order'),
        ),
        migrations.AddField(
            model_name='redemption',
            name='yielded_to',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='checkout.order'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'fixed'), ('rate_bps', 0)), models.Q(('kind', 'percent'), ('rate_bps__range', (1, 10000))), _connector='OR'), name='coupon_share_is_within_all'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('max_uses__isnull', True), ('max_uses__gte', 1), _connector='OR'), name='coupon_has_a_use'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('max_uses_per_buyer__isnull', True), ('max_uses_per_buyer__gte', 1), _connector='OR'), name='coupon_has_a_use_for_a_buyer'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('starts_at__lt', models.F('ends_at')), _connector='OR'), name='coupon_ends_after_its_start'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(fields=('order', 'coupon'), name='one_use_an_order_and_coupon'),
        ),
    ]
