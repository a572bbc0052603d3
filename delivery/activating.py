"""Where a licence is in use: asking, taking and freeing places. Two queries each at most, and no transaction.

Who takes a place has read the licence before, and one INSERT decides: it counts by itself, and writes only
if the licence is still as it was read. On SQLite, where nobody writes meanwhile, that is enough. PostgreSQL
also moves the licence's `checked_at` on, always forward: of all who read one state, the first alone gets in,
and the others read anew. However many come at once, no more get in than the limit allows, and the same
instance is one row.
"""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.errors import ActivationLimitReached, InstanceNotUsable, LicenseStopped, NotActivated
from delivery.finding import Facts, Question, Use, db_value, find, guesses_counted
from delivery.instances import Instance, read_instance
from delivery.models import Activation, License

# Rows of one licence, those that were released included: who holds a key can't fill the database with it.
MAX_INSTANCES = 2000
# How often others may be quicker, until one waits for them in turn.
TRIES = 3

_UNCHANGED = {
    "sqlite": """
      SELECT id FROM delivery_license
      WHERE id = %(license)s AND status = %(status)s AND withdrawn = %(withdrawn)s
        AND activation_limit = %(limit)s
    """,
    "postgresql": """
      UPDATE delivery_license SET checked_at = %(now)s
      WHERE id = %(license)s AND status = %(status)s AND withdrawn = %(withdrawn)s
        AND activation_limit = %(limit)s AND checked_at IS NOT DISTINCT FROM %(checked_at)s
      RETURNING id
    """,
}
_TAKE = """
WITH unchanged AS ({unchanged}), others AS (
  SELECT count(*) AS known, count(CASE WHEN released_at IS NULL AND NOT is_free THEN 1 END) AS taken
  FROM delivery_activation WHERE license_id = %(license)s AND instance <> %(instance)s
)
INSERT INTO delivery_activation (license_id, uid, instance, name, is_free, activated_at)
SELECT id, %(uid)s, %(instance)s, %(name)s, %(is_free)s, %(now)s FROM unchanged, others
WHERE known < %(most)s AND (%(is_free)s OR %(limit)s = 0 OR taken < %(limit)s) OR EXISTS (
  SELECT 1 FROM delivery_activation
  WHERE license_id = %(license)s AND instance = %(instance)s AND released_at IS NULL
)
ON CONFLICT (license_id, instance) DO UPDATE SET
  released_at = NULL, is_free = excluded.is_free,
  activated_at = CASE WHEN delivery_activation.released_at IS NULL
    THEN delivery_activation.activated_at ELSE excluded.activated_at END
RETURNING uid, name, activated_at, (SELECT taken FROM others)
"""


def validate(question: Question) -> Facts:
    """The licence, if it may be used now; and there, where the question names an instance.

    Raises LicenseNotFound, LicenseStopped, NotActivated, InstanceNotUsable or TooManyGuesses.
    """
    with guesses_counted(question):
        facts = find(question)
    _note_check(facts)
    _check_standing(facts)
    if question.names_instance and facts.use is None:
        raise NotActivated(_("This licence is not in use there."), facts)
    return facts


def activate(question: Question) -> Facts:
    """Take a place for an instance; one that has its place keeps it, whatever the limit.

    Raises LicenseNotFound, LicenseStopped, ActivationLimitReached, InstanceNotUsable or TooManyGuesses.
    """
    with guesses_counted(question):
        for _each in range(TRIES):
            if taken := _take(question, find(question)):
                return taken
        with transaction.atomic():
            facts = find(question, lock=True)
            if taken := _take(question, facts):
                return taken
    raise _limit_reached(facts)


def deactivate(question: Question) -> Facts:
    """Free the place of an instance, also of a licence that is over; else as validate()."""
    with guesses_counted(question):
        facts = find(question)
    if facts.use is None or not release(facts.use.uid):
        raise NotActivated(_("This licence is not in use there."), facts)
    return replace(facts, use=None, used=facts.used - (not facts.use.is_free))


def release(activation: uuid.UUID) -> bool:
    """Free one place. False, and nothing done, when it is free already."""
    kept = Activation.objects.in_use().filter(uid=activation)
    return bool(kept.update(released_at=timezone.now()))


def _take(question: Question, facts: Facts) -> Facts | None:
    """The licence with its instance in use; None where others were quicker. Raises as activate() does."""
    _check_standing(facts)
    instance, use = _instance(question, facts), facts.use
    if use and (use.instance, use.is_free) == (instance.value, instance.is_free):
        return facts
    is_known = use is not None and use.instance == instance.value
    if facts.left == 0 and not instance.is_free and not is_known:
        raise _limit_reached(facts)
    with connection.cursor() as cursor:
        sql = _TAKE.format(unchanged=_UNCHANGED[connection.vendor])
        cursor.execute(sql, _values(facts, instance))
        taken = cursor.fetchone()
    if taken is None:
        return None
    uid, name, activated_at, others = taken
    use = Use.read(uid, instance.value, name, activated_at, is_free=instance.is_free)
    return replace(facts, use=use, used=others + (not instance.is_free))


def _values(facts: Facts, instance: Instance) -> dict[str, Any]:
    now = timezone.now()
    if facts.checked_at:  # by another's clock, perhaps
        now = max(now, facts.checked_at + timedelta(microseconds=1))
    return {
        "license": facts.id,
        "status": facts.status,
        "withdrawn": facts.withdrawn,
        "checked_at": facts.checked_at,
        "uid": db_value(Activation, "uid", uuid.uuid4()),
        "instance": instance.value,
        "name": instance.name,
        "is_free": instance.is_free,
        "now": db_value(Activation, "activated_at", now),
        "limit": facts.limit,
        "most": MAX_INSTANCES + facts.limit,
    }


def _limit_reached(facts: Facts) -> ActivationLimitReached:
    words = _("This licence is in use in as many places as it allows. Free one of them first.")
    return ActivationLimitReached(words, facts)


def _instance(question: Question, facts: Facts) -> Instance:
    try:
        return read_instance(question.instance, facts.place)
    except InstanceNotUsable as refusal:
        refusal.facts = facts
        raise


def _check_standing(facts: Facts) -> None:
    standing = facts.standing
    if standing == "suspended":
        raise LicenseStopped(_("This licence is suspended."), facts, standing)
    if standing == "revoked":
        raise LicenseStopped(_("This licence was revoked."), facts, standing)
    if standing == "expired":
        raise LicenseStopped(_("This licence has expired."), facts, standing)


def _note_check(facts: Facts) -> None:
    """Once a day is enough for staff to see which licences live. Forward alone: see above."""
    now = timezone.now()
    if facts.checked_at is None or (now - facts.checked_at).days > 0:
        as_read = License.objects.filter(pk=facts.id, checked_at=facts.checked_at)
        as_read.update(checked_at=now)
