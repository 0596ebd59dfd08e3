"""PostgreSQL as the notebooks reach it: by the variables that the job reads, for psycopg and for Spark."""

import os
from pathlib import Path
from urllib.parse import parse_qsl

import psycopg
from psycopg.types.string import TextLoader

# What pgjdbc and libpq call by one name. The rest of a JDBC URL is about the driver, and means nothing to psycopg.
SHARED = ("user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey")


def is_named():
    """Whether the environment names a database."""
    return bool(os.environ.get("BACKFILL_URL", "").strip())


class Database:
    """One database, by its JDBC URL. Its text never shows the password."""

    def __init__(self, url):
        if not url.startswith("jdbc:postgresql://"):
            is_what = "is no PostgreSQL JDBC URL" if url else "is not set"  # its text may hold a password
            raise ValueError(f"BACKFILL_URL {is_what}; expected jdbc:postgresql://host:5432/name")
        self.url = url

    @classmethod
    def main(cls):
        """Where the job writes, and keeps its ledger."""
        return cls(os.environ.get("BACKFILL_URL", "").strip())

    @classmethod
    def to_read(cls):
        """Where the job reads: the replica, where one is named."""
        replica = os.environ.get("BACKFILL_READ_URL", "").strip()
        return cls(replica) if replica else cls.main()

    def __repr__(self):
        return self.url.removeprefix("jdbc:postgresql://").partition("?")[0]

    def connect(self, name):
        """A connection in autocommit, with this application_name."""
        address, _, query = self.url.removeprefix("jdbc:").partition("?")
        given = dict(parse_qsl(query, keep_blank_values=True))
        taken = {key: given[key] for key in SHARED if key in given}
        if given.get("ssl") in ("", "true") and "sslmode" not in given:
            taken["sslmode"] = "verify-full"  # as pgjdbc does
        if "currentSchema" in given:
            taken["options"] = f"-csearch_path={given['currentSchema'].replace(' ', '')}"
        taken.update(login())
        # A prepared statement would outlive its transaction, and behind transaction pooling the next one is elsewhere.
        return psycopg.connect(address, application_name=name, autocommit=True, prepare_threshold=None, **taken)

    def jdbc(self):
        """What Spark's JDBC source needs to log in."""
        return {"url": self.url, "driver": "org.postgresql.Driver", **login()}


class Snapshot:
    """One moment of a database. Everything that is asked here, and in sessions that import it, sees the same rows."""

    def __init__(self, database, name):
        self.connection = database.connect(name)
        self.connection.adapters.register_loader("uuid", TextLoader)  # as Spark and the job's reports have it
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # A row security policy is an error then, and not rows that nobody misses.
        self.connection.execute("SET LOCAL row_security = off")
        self.id, self.at, self.server = self.rows(
            "SELECT pg_export_snapshot(), clock_timestamp()::timestamptz(0), current_setting('server_version')"
        )[0]
        self.import_sql = (
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            f" SET TRANSACTION SNAPSHOT '{self.id}'; SET LOCAL row_security = off"
        )

    def rows(self, sql, **values):
        """Every row of a query, each a tuple; %(name)s in it stands for a value."""
        return self.connection.execute(sql, values or None).fetchall()

    def one(self, sql, **values):
        """The only column of the only row."""
        ((value,),) = self.rows(sql, **values)
        return value

    def close(self):
        self.connection.close()


def login():
    """User and password as the environment has them; the password's file is read again each time."""
    given = {"user": os.environ.get("BACKFILL_USER"), "password": os.environ.get("BACKFILL_PASSWORD")}
    file = os.environ.get("BACKFILL_PASSWORD_FILE")
    if file:
        given["password"] = Path(file).read_text().strip()
    return {key: value for key, value in given.items() if value}
