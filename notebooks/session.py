"""Spark as the notebooks use it: with the job's jar and settings, reading PostgreSQL in a snapshot."""

import atexit
import os
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

ROOT = Path(__file__).resolve().parent.parent


def start(name, master):
    """A session with the job's connector; the one that is there already, where there is one."""
    jar = Path(os.environ.get("BACKFILL_JAR") or ROOT / "job/target/backfill.jar")
    if not jar.is_file():
        raise FileNotFoundError(f"there is no {jar}; job/bin/backfill --version builds it, BACKFILL_JAR names another")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName(name).config("spark.jars", str(jar))
    for key, value in defaults():
        builder = builder.config(key, value)
    # A time means the same whatever the zone of the machine.
    builder = builder.config("spark.sql.session.timeZone", "UTC")
    logging = f"-Dlog4j2.configurationFile={ROOT / 'conf/log4j2.properties'}"
    # The first compiler alone, as the launcher has it. Of what is kept, 200 partitions would be 200 tasks for each look.
    builder = builder.config("spark.driver.extraJavaOptions", f'-XX:TieredStopAtLevel=1 "{logging}"')
    builder = builder.config("spark.sql.shuffle.partitions", 4 * (os.cpu_count() or 1))
    spark = builder.master(master).getOrCreate()
    atexit.register(end, spark)
    return spark


def end(spark):
    """Stops Spark, also where a cell failed, and waits for its JVM: it removes its files, and complains if it is killed."""
    java = SparkContext._gateway.proc
    spark.stop()
    java.stdin.close()  # what it waits for
    java.wait(timeout=5)


def defaults():
    """The settings of conf/spark-defaults.conf: key, blanks, value."""
    for line in (ROOT / "conf/spark-defaults.conf").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            key, value = line.split(None, 1)
            yield key, value.strip()


class Reader:
    """Tables as they are in one snapshot. Each is sent once, in one scan over one connection, and kept by Spark."""

    def __init__(self, spark, database, snapshot):
        self.spark = spark
        self.database = database
        self.snapshot = snapshot
        self.kept = {}

    def table(self, source, **columns):
        """Columns of a table, or of a query in parentheses, by names of one's own; without rows that have a NULL."""
        asked = source, tuple(columns.values())
        if asked not in self.kept:
            wanted = ", ".join(columns.values())
            self.kept[asked] = (
                self.spark.read.format("jdbc")
                .options(**self.database.jdbc())
                .option("dbtable", f"(SELECT {wanted} FROM {source} s) t")
                .option("fetchsize", 10_000)  # with it, the session imports the snapshot in the query's transaction
                .option("sessionInitStatement", self.snapshot.import_sql)
                .load()
                .cache()
            )
        return self.kept[asked].toDF(*columns).dropna()

    def sizes(self):
        """Each table that was read, and its rows."""
        return {source: frame.count() for (source, _), frame in self.kept.items()}

    def grants(self, step):
        """Object and group of every grant to a group, once."""
        return union([self.table(g["from"], object=g["object"], group=g["group"]) for g in step.through]).distinct()

    def members(self, step):
        """Group and user of every membership, once."""
        return union([self.table(m["from"], group=m["group"], user=m["user"]) for m in step.members]).distinct()

    def reasons(self, step):
        """Why a pair is right: object, user, and the group that gives it, or null where a source names the pair itself."""
        parts, key = [], "long"
        if step.through:
            parts.append(self.grants(step).join(self.members(step), "group").select("object", "user", "group"))
            key = parts[0].schema["group"].dataType
        for d in step.direct:
            named = self.table(d["from"], object=d["object"], user=d["user"]).distinct()
            parts.append(named.withColumn("group", f.lit(None).cast(key)))
        return union(parts)

    def present(self, step):
        """Object and user of every row of the target."""
        return self.table(step.into["table"], object=step.into["object"], user=step.into["user"])


def union(frames):
    """All rows of some frames of the same columns."""
    first, *others = frames
    for other in others:
        first = first.unionByName(other)
    return first
