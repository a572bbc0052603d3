"""Django's PostgreSQL, without a question before the first query of each request whether it is heard."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """As Django's, which sends `SELECT 1`, but only where the socket has something to tell.

        A server that ended, or ended the connection, has closed the socket, and that can be seen at no cost.
        One that vanished without a word would not answer the question either. After an error it is asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        if self.errors_occurred:
            return bool(super().is_usable())
        poll = select.poll()
        poll.register(self.connection.pgconn.socket, select.POLLIN)
        return bool(super().is_usable()) if poll.poll(0) else True
