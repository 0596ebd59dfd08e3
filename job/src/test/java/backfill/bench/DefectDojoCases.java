package backfill.bench;

import backfill.bench.BenchCase.Outcome;
import backfill.bench.BenchCase.Part;
import java.util.List;
import java.util.Map;

/** The main plan at three sizes of its own, which no scale changes. */
final class DefectDojoCases {
  private DefectDojoCases() {}

  static List<BenchCase> all() {
    return List.of(
        of("defectdojo-S1", 5_000, 2_500, 125, new Departments(32, 8, 15), 5),
        of("defectdojo-S2", 15_000, 17_000, 850, new Departments(53, 8, 26), 5),
        of("defectdojo-S3", 60_000, 100_000, 5_000, new Departments(94, 10, 55), 7));
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
        List.of(Peer.sql("plain SQL", "defectdojo-peer")),
        List.of(
            new Outcome(
                "dojo_product_authorized_users",
                "SELECT product_id, dojo_user_id FROM dojo_product_authorized_users"),
            new Outcome(
                "dojo_product_type_authorized_users",
                "SELECT product_type_id, dojo_user_id FROM dojo_product_type_authorized_users"),
            new Outcome("auth_user", "SELECT id, is_superuser, is_staff FROM auth_user")));
  }
}
