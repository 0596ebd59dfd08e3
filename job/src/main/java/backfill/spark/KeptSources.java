package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.postgres.Parameters;
import backfill.postgres.Ready;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The sources of the steps that share a snapshot: each read once, kept by Spark, and at hand under
 * its name for queries, as are the plan's views. Its session is its own, so that two reads of one
 * plan never see each other's rows.
 */
public final class KeptSources implements AutoCloseable {
  private final SparkSession session;
  private final Plan plan;
  private final Instant now;
  private final Map<String, SnapshotReader.Kept> sources = new LinkedHashMap<>();

  public KeptSources(SparkSession spark, Plan plan, Instant now) {
    this.session = spark.newSession();
    this.plan = plan;
    this.now = now;
  }

  /**
   * Reads one source and makes it known to queries.
   *
   * @return how many rows it has
   */
  public long read(SnapshotReader reader, Source source, Ready ready, Set<String> needed) {
    var table = ready.sources().get(source.name());
    SnapshotReader.Kept kept =
        reader.keep(table, table.columnsToRead(needed), where(source, plan, ready));
    kept.rows().createOrReplaceTempView(source.name());
    sources.put(source.name(), kept);
    return kept.count();
  }

  /** The source's condition as the server is asked it; null where it has none. */
  static String where(Source source, Plan plan, Ready ready) {
    return source
        .where()
        .map(condition -> Parameters.inline(condition, plan.params(), ready.now()))
        .orElse(null);
  }

  /** Makes views known, each needing only sources that were read and views before it. */
  public void define(Collection<String> views) {
    plan.views().keySet().stream()
        .filter(views::contains)
        .forEach(view -> query(plan.views().get(view)).createOrReplaceTempView(view));
  }

  /** A source or a view by its name. */
  Dataset<Row> from(String name) {
    return session.table(name);
  }

  /** A query over sources and views. */
  Dataset<Row> query(String query) {
    return PlanQueries.query(session, query, plan.params(), now);
  }

  /** Source name to rows. */
  public Map<String, Long> counts() {
    Map<String, Long> counts = new LinkedHashMap<>();
    sources.forEach((name, kept) -> counts.put(name, kept.count()));
    return counts;
  }

  SparkSession session() {
    return session;
  }

  @Override
  public void close() {
    sources.values().forEach(kept -> kept.rows().unpersist());
  }
}
