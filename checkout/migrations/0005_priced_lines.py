from django.db import migrations, models
from django.db.models import F, Q


def price_lines(apps, schema_editor):
    """Orders from before had neither discounts nor taxes."""
    apps.get_model("checkout", "OrderLine").objects.update(net_amount=F("amount"))


class Migration(migrations.Migration):
    dependencies = [("checkout", "0004_refund_windows_and_parking")]

    operations = [
        migrations.AddField("order", "referral", models.CharField(blank=True, default="", editable=False, max_length=500), preserve_default=False),
        migrations.AddField("orderline", "discount_amount", models.PositiveBigIntegerField(default=0, verbose_name="discount")),
        migrations.AddField("orderline", "discounts", models.JSONField(blank=True, default=list, editable=False)),
        migrations.AddField("orderline", "net_amount", models.PositiveBigIntegerField(default=0, verbose_name="without tax"), preserve_default=False),
        migrations.AddField("orderline", "tax_amount", models.PositiveBigIntegerField(default=0, verbose_name="tax")),
        migrations.AddField("orderline", "tax_rate_bps", models.PositiveIntegerField(default=0, verbose_name="tax rate in basis points")),
        migrations.AddField("orderline", "tax_label", models.CharField(blank=True, default="", max_length=40, verbose_name="kind of tax"), preserve_default=False),
        migrations.AddField("orderline", "tax_is_included", models.BooleanField(default=False, verbose_name="price contains the tax")),
        migrations.RunPython(price_lines, migrations.RunPython.noop),
        migrations.RemoveConstraint("orderline", "line_amount_is_price_times_quantity"),
        migrations.AddConstraint("orderline", models.CheckConstraint(condition=Q(amount=F("net_amount") + F("tax_amount")), name="line_amount_is_net_and_tax")),
        migrations.AddConstraint("orderline", models.CheckConstraint(condition=Q(discount_amount__lte=F("unit_amount") * F("quantity")), name="line_discount_is_within_its_price")),
    ]
