"""Template tags of the pages about affiliates for staff."""

from django import template

from affiliates.admin.referrals import hints_shown

register = template.Library()
register.filter("hints", hints_shown)
