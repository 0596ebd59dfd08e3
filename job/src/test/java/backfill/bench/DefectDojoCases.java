package backfill.bench;

import backfill.Upstream;
import backfill.bench.BenchCase.Outcome;
import backfill.bench.BenchCase.Part;
import java.util.List;
import java.util.Map;

/** The main plan at three sizes of its own, which no scale changes. */
final class DefectDojoCases {
  private static final String SORTED = "SQL, sorted";
  private static final String DJANGO = "Django, bulk_create";
  private static final String FLOOR = "the floor: COPY of prepared pairs";

  private static final List<Peer> PEERS =
      List.of(
          Peer.sql(SORTED, "defectdojo-peer").withRerun(),
          Peer.sql(
              "SQL, unsorted",
              Double.MAX_VALUE,
              Upstream.sql("defectdojo-peer").replace("ORDER BY 1, 2 ", "")),
          Peer.of(DJANGO, new Peer.InPython("/bench/defectdojo_orm.py", "django, psycopg2"))
              .withRerun(),
          Peer.of("Spark, JDBC into staging, then SQL", new Peer.InSpark(SparkJdbcPeer.class)),
          Peer.of(
              FLOOR,
              new Peer.InJava(new CopyFloor(List.of(target("product"), target("product_type"))))));

  private static final String OURS = Ways.OURS;
  private static final String UNVERIFIED = OURS + BenchResult.LESS_VERIFY;

  private static final List<Goal> GOALS =
      List.of(
          Goal.ratio(DJANGO, UNVERIFIED, Goal.Direction.AT_LEAST, 3.5),
          Goal.ratio(DJANGO, OURS, Goal.Direction.AT_LEAST, 3),
          Goal.ratio(SORTED, UNVERIFIED, Goal.Direction.AT_LEAST, 1.25),
          Goal.ratio(SORTED, OURS, Goal.Direction.AT_LEAST, 1.1),
          Goal.ratio(OURS + BenchResult.WRITE, FLOOR, Goal.Direction.AT_MOST, 1.2),
          Goal.ratio(Ways.FAR, OURS, Goal.Direction.AT_MOST, 1.3),
          Goal.statements(OURS, 60),
          Goal.seconds(Ways.RERUN + BenchResult.READY_TO_VERIFIED, 4),
          Goal.seconds(Ways.SECOND, 1),
          Goal.nothingTouched(Ways.RERUN),
          Goal.walBytes(Ways.RERUN, 64 * 1024));

  private DefectDojoCases() {}

  static List<BenchCase> all() {
    return List.of(
        of("defectdojo-S1", 5_000, 2_500, 125, new Departments(32, 8, 15), 5),
        of("defectdojo-S2", 15_000, 17_000, 850, new Departments(53, 8, 26), 5),
        of("defectdojo-S3", 60_000, 100_000, 5_000, new Departments(94, 10, 55), 7));
  }

  /** The same in the small, for tests. */
  static BenchCase tiny() {
    return of("defectdojo-tiny", 120, 40, 5, new Departments(30, 4, 12), 3);
  }

  /** How many users a department has, how many groups, and how many users each of those. */
  private record Departments(int users, int groups, int groupSize) {}

  private static BenchCase of(
      String name,
      int users,
      int products,
      int productTypes,
      Departments departments,
      int groupsPerObject) {
    Map<String, Integer> settings =
        Map.of(
            "users", users,
            "products", products,
            "product_types", productTypes,
            "department", departments.users(),
            "groups_per_department", departments.groups(),
            "group_size", departments.groupSize(),
            "groups_per_object", groupsPerObject);
    return new BenchCase(
        name,
        "defectdojo-authorized-users",
        List.of(new Part(Cases.MAIN, "defectdojo", "/demo/schema.sql", settings)),
        PEERS,
        List.of(
            new Outcome(
                "dojo_product_authorized_users",
                "SELECT product_id, dojo_user_id FROM dojo_product_authorized_users"),
            new Outcome(
                "dojo_product_type_authorized_users",
                "SELECT product_type_id, dojo_user_id FROM dojo_product_type_authorized_users"),
            new Outcome("auth_user", "SELECT id, is_superuser, is_staff FROM auth_user")),
        true,
        GOALS);
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
