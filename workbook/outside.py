"""The outside world: what cannot be taken back. It charges cards and sends mails, and remembers all of it.

A payment provider and a mail provider, kept in one SQLite file that belongs to nobody's transaction: a charge made
twice stays made twice, whoever was killed. As real providers do, the payment side takes an idempotency key: the
same key gives the first answer again and charges nothing (Stripe's API made the form common).
"""

import sqlite3
import time
from pathlib import Path

from workbook.faults import around

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    id INTEGER PRIMARY KEY, order_id TEXT, cents INTEGER, key TEXT UNIQUE, at INTEGER);
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY, recipient TEXT, subject TEXT, at INTEGER);
"""


class World:
    """The outside world at `path`. Any number of processes may use it; it is handed to workers as an argument."""

    def __init__(self, path):
        self.path = str(path)
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)

    def __reduce__(self):
        # A connection can't cross a process: the other side opens its own.
        return (World, (self.path,))

    def _open(self):
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        # No fsync: processes are killed here, machines are not, and what a process wrote survives its death.
        db.execute("PRAGMA synchronous=OFF")
        return db

    def _write(self, sql, values):
        db = self._open()
        try:
            return db.execute(sql, values).lastrowid
        finally:
            db.close()

    def charge(self, order, cents, key=None):
        """Charge `cents` for `order` and return the charge's number.

        key: an idempotency key; a second charge with the same key charges nothing and returns the first number.
        """
        with around("charge", id=str(order)):
            if key is None:
                return self._write(
                    "INSERT INTO charges (order_id, cents, at) VALUES (?, ?, ?)",
                    (str(order), cents, time.monotonic_ns()),
                )
            self._write(
                "INSERT OR IGNORE INTO charges (order_id, cents, key, at) VALUES (?, ?, ?, ?)",
                (str(order), cents, str(key), time.monotonic_ns()),
            )
            return self._read("SELECT id FROM charges WHERE key = ?", (str(key),))[0][0]

    def mail(self, recipient, subject):
        """Send a mail. It is sent."""
        with around("mail", id=str(recipient)):
            return self._write(
                "INSERT INTO mails (recipient, subject, at) VALUES (?, ?, ?)",
                (str(recipient), subject, time.monotonic_ns()),
            )

    def _read(self, sql, values=()):
        db = self._open()
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def charges(self):
        """The order of every charge made, in the order in which they were made: [order, …]."""
        return [row[0] for row in self._read("SELECT order_id FROM charges ORDER BY id")]

    def mails(self):
        """Every mail sent, in order: [(recipient, subject), …]."""
        return self._read("SELECT recipient, subject FROM mails ORDER BY id")

    def prune_keys(self):
        """The window of the idempotency keys is over: the provider forgets every key, and keeps every charge."""
        self._write("UPDATE charges SET key = NULL", ())

    def forget(self):
        """Begin anew: an empty ledger for the next experiment."""
        db = self._open()
        try:
            db.execute("DELETE FROM charges")
            db.execute("DELETE FROM mails")
        finally:
            db.close()
