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

  private static final Peer READS =
      Peer.of("the server's reads alone", new Peer.InJava(new ServerReads(reads()))).onOurs();

  /** Those for the tables as Django makes them. */
  static final List<Peer> ALL = List.of(SORTED, UNSORTED, DJANGO, SPARK, FLOOR, READS);

  /** Those that do not mind of which type a key is. */
  static final List<Peer> OF_ANY_KEYS = List.of(SORTED, FLOOR);

  /** Of the write alone. */
  static final List<Goal> WRITE_GOALS =
      List.of(Goal.ratio(Ways.OURS + BenchResult.WRITE, FLOOR.name(), Direction.AT_MOST, 1.2));

  /** Of a whole run of a million pairs. */
  static final List<Goal> GOALS =
      List.of(
          Goal.ratio(DJANGO.name(), Ways.OURS, Direction.AT_LEAST, 3.5),
          Goal.ratio(SORTED.name(), Ways.OURS, Direction.AT_LEAST, 1.5),
          Goal.ratio(SORTED.name() + Ways.AGAIN, Ways.RERUN, Direction.AT_LEAST, 1.5),
          Goal.ratio(Ways.SECOND, READS.name(), Direction.AT_MOST, 3),
          Goal.verifyShare(0.1),
          // Half of what it was on two slow shared processors, where 16 cores took a third.
          Goal.processorSeconds(Ways.RERUN, 7.3),
          WRITE_GOALS.get(0),
          Goal.ratio(Ways.FAR, Ways.OURS, Direction.AT_MOST, 1.3),
          Goal.statements(Ways.OURS, 60),
          Goal.seconds(Ways.RERUN + BenchResult.READY_TO_VERIFIED, 4),
          Goal.seconds(Ways.SECOND, 1),
          Goal.nothingTouched(Ways.RERUN),
          Goal.walBytes(Ways.RERUN, 64 * 1024));

  private DefectDojoPeers() {}

  private static List<String> reads() {
    String product = "dojo_product_authorized_users (product_id, dojo_user_id)";
    String type = "dojo_product_type_authorized_users (product_type_id, dojo_user_id)";
    return List.of(
        "dojo_product_member (product_id, user_id)",
        "dojo_product_group (product_id, group_id)",
        "dojo_product_type_member (product_type_id, user_id)",
        "dojo_product_type_group (product_type_id, group_id)",
        "dojo_dojo_group_member (group_id, user_id)",
        "dojo_global_role (user_id, group_id, role_id)",
        "dojo_role (id, name)",
        "auth_user (id, is_superuser, is_staff)",
        product,
        type,
        product,
        type);
  }

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
