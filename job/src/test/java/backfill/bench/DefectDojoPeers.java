package backfill.bench;

import backfill.bench.Goal.Direction;
import backfill.testing.TestingUpstreamTables;
import java.util.List;

/** How others do the main plan's work, and what is to be reached beside them. */
final class DefectDojoPeers {
  private static final Peer SORTED = Peer.sql("SQL, sorted", "defectdojo-peer").withRerun();

  private static final Peer UNSORTED =
      Peer.sql(
          "SQL, unsorted",
          Double.MAX_VALUE,
          TestingUpstreamTables.sql("defectdojo-peer").replace("ORDER BY 1, 2 ", ""));

  private static final Peer DJANGO =
      Peer.of(
              "Django, bulk_create",
              new Peer.InPython("/bench/defectdojo_orm.py", "django, psycopg2"))
          .withRerun();

  private static final Peer SPARK =
      Peer.of("Spark, JDBC into staging, then SQL", new Peer.InSpark(SparkJdbcPeer.class));

  private static final Peer FLOOR =
      Peer.of(
          "the floor: COPY of prepared pairs",
          new Peer.InJava(new CopyFloor(List.of(target("product"), target("product_type")))));

  /** Those for the tables as Django makes them. */
  static final List<Peer> ALL = List.of(SORTED, UNSORTED, DJANGO, SPARK, FLOOR);

  /** Those that do not mind of which type a key is. */
  static final List<Peer> OF_ANY_KEYS = List.of(SORTED, FLOOR);

  /** Of the write alone. */
  static final List<Goal> WRITE_GOALS =
      List.of(Goal.ratio(Ways.OURS + BenchResult.WRITE, FLOOR.name(), Direction.AT_MOST, 1.2));

  /** Of a whole run of a million pairs. */
  static final List<Goal> GOALS =
      List.of(
          Goal.ratio(DJANGO.name(), Ways.OURS + BenchResult.LESS_VERIFY, Direction.AT_LEAST, 3.5),
          Goal.ratio(DJANGO.name(), Ways.OURS, Direction.AT_LEAST, 3),
          Goal.ratio(SORTED.name(), Ways.OURS + BenchResult.LESS_VERIFY, Direction.AT_LEAST, 1.25),
          Goal.ratio(SORTED.name(), Ways.OURS, Direction.AT_LEAST, 1.1),
          WRITE_GOALS.get(0),
          Goal.ratio(Ways.FAR, Ways.OURS, Direction.AT_MOST, 1.3),
          Goal.statements(Ways.OURS, 60),
          Goal.seconds(Ways.RERUN + BenchResult.READY_TO_VERIFIED, 4),
          Goal.seconds(Ways.SECOND, 1),
          Goal.nothingTouched(Ways.RERUN),
          Goal.walBytes(Ways.RERUN, 64 * 1024));

  private DefectDojoPeers() {}

  private static CopyFloor.Table target(String object) {
    return new CopyFloor.Table(
        "dojo_" + object + "_authorized_users",
        object + "_id, dojo_user_id",
        """
        SELECT %1$s_id, user_id FROM dojo_%1$s_member
        UNION SELECT g.%1$s_id, m.user_id FROM dojo_%1$s_group g JOIN dojo_dojo_group_member m USING (group_id)
        """
            .formatted(object));
  }
}
