"""Where a licence is in use: asking, taking and freeing places. Two queries each on PostgreSQL.

Who takes a place locks the licence's row first; what decides is then one INSERT that counts by itself, with
the snapshot of a statement that began under the lock. However many come at once, no more get in than the
limit allows, and the same instance is one row.
"""

import uuid
from dataclasses import replace

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.errors import ActivationLimitReached, InstanceNotUsable, LicenseStopped, NotActivated
from delivery.finding import Facts, Question, Use, db_value, find, guesses_counted
from delivery.instances import Instance, read_instance
from delivery.models import Activation, License

# Rows of one licence, those that were released included: who holds a key can't fill the database with it.
MAX_INSTANCES = 2000

_TAKE = """
INSERT INTO delivery_activation (license_id, uid, instance, name, is_free, activated_at)
SELECT %(license)s, %(uid)s, %(instance)s, %(name)s, %(is_free)s, %(now)s
FROM (
  SELECT count(*) AS known, count(CASE WHEN released_at IS NULL AND NOT is_free THEN 1 END) AS taken
  FROM delivery_activation WHERE license_id = %(license)s AND instance <> %(instance)s
) AS others
WHERE known < %(most)s AND (%(is_free)s OR %(limit)s = 0 OR taken < %(limit)s) OR EXISTS (
  SELECT 1 FROM delivery_activation
  WHERE license_id = %(license)s AND instance = %(instance)s AND released_at IS NULL
)
ON CONFLICT (license_id, instance) DO UPDATE SET
  released_at = NULL, is_free = excluded.is_free,
  activated_at = CASE WHEN delivery_activation.released_at IS NULL
    THEN delivery_activation.activated_at ELSE excluded.activated_at END
RETURNING uid, name, activated_at, (
  SELECT count(CASE WHEN released_at IS NULL AND NOT is_free THEN 1 END)
  FROM delivery_activation WHERE license_id = %(license)s AND instance <> %(instance)s
)
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
    with guesses_counted(question), transaction.atomic():
        facts = find(question, lock=True)
        _check_standing(facts)
        instance = _instance(question, facts)
        return _take(facts, instance)


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


def _take(facts: Facts, instance: Instance) -> Facts:
    row = {
        "license": facts.id,
        "uid": db_value(Activation, "uid", uuid.uuid4()),
        "instance": instance.value,
        "name": instance.name,
        "is_free": instance.is_free,
        "now": db_value(Activation, "activated_at", timezone.now()),
        "limit": facts.limit,
        "most": MAX_INSTANCES + facts.limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, row)
        taken = cursor.fetchone()
    if taken is None:
        raise ActivationLimitReached(
            _("This licence is in use in as many places as it allows. Free one of them first."), facts
        )
    uid, name, activated_at, others = taken
    use = Use.read(uid, instance.value, name, activated_at, is_free=instance.is_free)
    return replace(facts, use=use, used=others + (not instance.is_free))


def _instance(question: Question, facts: Facts) -> Instance:
    try:
        return read_instance(question.instance, facts.place)
    except InstanceNotUsable as refusal:
        refusal.facts = facts
        raise


def _check_standing(facts: Facts) -> None:
    words = {
        "suspended": _("This licence is suspended."),
        "revoked": _("This licence was revoked."),
        "expired": _("This licence has expired."),
    }
    if facts.standing in words:
        raise LicenseStopped(words[facts.standing], facts, facts.standing)


def _note_check(facts: Facts) -> None:
    """Once a day is enough for staff to see which licences live."""
    now = timezone.now()
    if facts.checked_at is None or (now - facts.checked_at).days:
        License.objects.filter(pk=facts.id).update(checked_at=now)
