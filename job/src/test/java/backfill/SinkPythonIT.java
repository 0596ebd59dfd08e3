package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDistribution;
import backfill.testing.TestingOutcome;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSubmittedDojo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged connector from PySpark, on a Spark that tries each task four times, in a zone that
 * is not the database's.
 */
class SinkPythonIT {
  private static final String SCRIPT =
      """
      import json, os
      from pyspark.errors import IllegalArgumentException
      from pyspark.sql import SparkSession

      spark = (SparkSession.builder.master("local[2,4]").config("spark.jars", os.environ["JAR"])
               .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2").getOrCreate())
      there = dict(url=os.environ["URL"], user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"])
      said = {}

      def save(name, frame, **options):
          try:
              frame.write.format("backfill").options(**there).options(**options).save()
          except IllegalArgumentException as e:
              said[name] = str(e)
          except Exception as e:
              said[name] = "NOT CLEAN " + type(e).__name__ + ": " + str(e)
          if "counts" in options and spark.catalog.tableExists(options["counts"]):
              said[name + " counts"] = spark.table(options["counts"]).first().asDict(recursive=True)

      save("option", spark.range(3), dbtable="t", nonsense="1")
      save("table", spark.range(3), dbtable="tt")
      save("address", spark.range(3), dbtable="t", url="jdbc:postgresql://localhost:1/none")
      save("some", spark.range(12), dbtable="t", counts="some", **{"rejected-rows": "1"})
      save("refused", spark.range(20, 40), dbtable="refusing", counts="refused")
      save("upserted", spark.range(5).selectExpr("id", "IF(id = 2, NULL, 'x') AS v"), dbtable="kept", mode="upsert", counts="upserted")
      save("error", spark.range(4, 6).selectExpr("id", "'x' AS v"), dbtable="kept", mode="error", counts="error")
      batches = []

      def write(rows, batch):
          rows.write.format("backfill").options(**there).options(dbtable="kept", mode="upsert", stream="kept", batch=batch, counts="done").save()
          batches.append([batch, rows.sparkSession.table("done").first()["inserted"]])
          if len(batches) == 1:
              raise ValueError("killed behind the write")

      for attempt in range(2):
          query = (spark.readStream.schema("id long, v string").json(os.environ["STREAM"] + "/in").writeStream.foreachBatch(write)
                   .option("checkpointLocation", os.environ["STREAM"] + "/checkpoint").trigger(availableNow=True).start())
          try:
              query.awaitTermination()
          except Exception as e:
              said["killed"] = str(e)
      said["batches"] = batches
      jdbc = spark.read.format("jdbc").options(**there).option("driver", "org.postgresql.Driver")
      save("shifted", jdbc.option("dbtable", "src").load(), dbtable="src2")
      save("as it is", jdbc.option("dbtable", "src").option("preferTimestampNTZ", "true").load(), dbtable="src2")
      try:
          frame = spark.range(3).selectExpr("CAST(assert_true(id < 2) AS string) AS id", "id AS other")
          frame.write.format("backfill").options(**there).option("dbtable", "words").save()
      except Exception as e:
          said["own failure"] = type(e).__name__ + ": " + str(e)
      print(json.dumps(said))
      """;

  @TempDir Path directory;

  @Test
  void aRefusalIsOneCleanExceptionAndCountsComeBack() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE t (id bigint PRIMARY KEY CHECK (id <> 7))",
          "INSERT INTO t VALUES (1)",
          "CREATE TABLE refusing (id bigint PRIMARY KEY CHECK (id <> 27), tries serial)",
          "CREATE TABLE kept (id bigint PRIMARY KEY, v text)",
          "INSERT INTO kept VALUES (1, 'x'), (2, 'old')",
          "CREATE TABLE words (id text, other bigint PRIMARY KEY)",
          "CREATE TABLE src (id int PRIMARY KEY, tn timestamp)",
          "CREATE TABLE src2 (LIKE src INCLUDING ALL)",
          "INSERT INTO src VALUES (1, '2026-07-01 12:00')");
      JsonNode said = run(database);

      assertThat(said.path("option").asText())
          .startsWith("unknown option nonsense for format \"backfill\"; it knows url, ");
      assertThat(said.path("table").asText())
          .isEqualTo(
              "dbtable: table tt does not exist in the search path (\"$user\", public); did you"
                  + " mean t?");
      assertThat(said.path("address").asText())
          .startsWith("cannot look up t at ")
          .doesNotContain("\n");
      assertThat(said.has("some")).isFalse();
      assertThat(said.path("some counts").path("inserted").asLong()).isEqualTo(10);
      assertThat(said.path("some counts").path("present").asLong()).isOne();
      assertThat(said.path("some counts").at("/rejections/0/key/0").asText()).isEqualTo("7");
      assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(11);

      assertThat(said.path("refused").asText())
          .isEqualTo(
              "refusing: 1 row was rejected, and option rejected-rows allows 0; the first one,"
                  + " (27): new row for relation \"refusing\" violates check constraint"
                  + " \"refusing_id_check\" (SQLSTATE 23514)");
      assertThat(said.path("refused counts").path("rejected").asLong()).isOne();
      // In one batch: the whole, and halves down to the row at fault. A second attempt would double
      // that.
      assertThat(database.count("SELECT last_value FROM refusing_tries_seq")).isBetween(20L, 60L);

      JsonNode upserted = said.path("upserted counts");
      assertThat(
              List.of(
                  upserted.path("inserted").asLong(),
                  upserted.path("updated").asLong(),
                  upserted.path("unchanged").asLong()))
          .as("%s", said)
          .containsExactly(3L, 1L, 1L);
      assertThat(said.path("error").asText())
          .contains("the key of 1 row is in the table already: (4); option mode is error: ");
      assertThat(said.path("killed").asText()).contains("killed behind the write");
      assertThat(said.path("batches").toString()).isEqualTo("[[0,2],[0,2]]");
      assertThat(database.rows("SELECT id FROM kept WHERE id > 5 OR v IS NULL ORDER BY id"))
          .hasToString("[[2], [100], [101]]");

      assertThat(said.path("shifted").asText())
          .isEqualTo(
              "column tn has Spark's type timestamp, and src2.tn is timestamp without time zone,"
                  + " which takes no value of it as it is; cast it to timestamp_ntz, which reads it"
                  + " in the zone of spark.sql.session.timeZone");
      assertThat(said.has("as it is")).as("%s", said).isFalse();
      assertThat(database.rows("SELECT id, tn::text FROM src2"))
          .containsExactly(List.of(1, "2026-07-01 12:00:00"));
      assertThat(said.path("own failure").asText())
          .as("what fails in the DataFrame is Spark's to say")
          .contains("'(id < 2)' is not true");
    }
  }

  private JsonNode run(TestingDatabase database) throws Exception {
    Path script = Files.writeString(directory.resolve("sink.py"), SCRIPT);
    Map<String, String> environment = new HashMap<>(TestingDistribution.get().environment());
    environment.put("JAR", TestingSubmittedDojo.JAR);
    environment.put("URL", database.url());
    environment.put("DB_USER", database.user());
    environment.put("DB_PASSWORD", database.password());
    Path source = Files.createDirectories(directory.resolve("in"));
    Files.writeString(source.resolve("0.json"), "{\"id\": 100, \"v\": \"s\"}\n{\"id\": 101}\n");
    environment.put("STREAM", directory.toString());
    environment.put("TZ", "Europe/Berlin");
    TestingOutcome ended =
        TestingDistribution.python().run(environment, "python", script.toString());
    assertThat(ended.code()).as(ended.said()).isZero();
    List<String> lines = ended.said().lines().filter(line -> line.startsWith("{")).toList();
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }
}
