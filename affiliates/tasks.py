"""Each task loads a row and calls one deed. The due_ ones are sweeps, for what a lost message left behind."""

from celery import shared_task

from affiliates import clicks, digests, friends, ledger, paypal_batches, proving, reminding, statements
from affiliates.models import PayoutBatch, Statement

BATCH = 50


@shared_task(name="affiliates.count_clicks")
def count_clicks() -> None:
    clicks.count_in()


@shared_task(name="affiliates.forget_visitors")
def forget_visitors() -> None:
    clicks.forget_visitors()


@shared_task(name="affiliates.mail_earnings")
def mail_earnings() -> None:
    digests.mail_earnings()


@shared_task(name="affiliates.remind_of_payouts")
def remind_of_payouts() -> None:
    reminding.remind_of_payouts()


@shared_task(name="affiliates.give_credits")
def give_credits() -> None:
    friends.give_credits()


@shared_task(name="affiliates.follow_batch")
def follow_batch(batch_id: int) -> None:
    paypal_batches.follow_batch(PayoutBatch.objects.get(pk=batch_id))


@shared_task(name="affiliates.follow_due_batches")
def follow_due_batches() -> None:
    for batch in PayoutBatch.objects.due()[:BATCH]:
        paypal_batches.follow_batch(batch)


@shared_task(name="affiliates.print_statement")
def print_statement(statement_id: int) -> None:
    statements.print_statement(Statement.objects.get(pk=statement_id))


@shared_task(name="affiliates.print_due_statements")
def print_due_statements() -> None:
    for statement in Statement.objects.due()[:BATCH]:
        statements.print_statement(statement)


@shared_task(name="affiliates.look_after_ledger")
def look_after_ledger() -> None:
    """Each night: close what is past, then prove all of it."""
    ledger.close_periods()
    proving.prove_and_tell()
