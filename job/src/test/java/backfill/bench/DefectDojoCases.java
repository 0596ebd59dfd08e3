package backfill.bench;

import backfill.bench.BenchCase.Outcome;
import backfill.bench.BenchCase.Part;
import java.util.List;
import java.util.Map;

/** The main plan at sizes of its own, which no scale changes. */
public final class DefectDojoCases {
  private static final String PLAN = "defectdojo-authorized-users";
  private static final String TABLES = "/demo/schema.sql";
  private static final String DATA = "defectdojo-large";

  private static final Size S2 = new Size(15_000, 17_000, 850, new Departments(53, 8, 26), 5);
  private static final Size S3 = sized(10);

  private DefectDojoCases() {}

  public static List<BenchCase> all() {
    return List.of(
        closely(
            "defectdojo-S1", new Size(5_000, 2_500, 125, new Departments(32, 8, 15), 5), List.of()),
        closely("defectdojo-S2", S2, DefectDojoPeers.GOALS),
        closely("defectdojo-S3", S3, DefectDojoPeers.WRITE_GOALS),
        once("defectdojo-S2-uuid", byUuid(part(S2)), DefectDojoPeers.OF_ANY_KEYS),
        once("growth-1M", part(sized(1)), List.of()),
        once("growth-10M", part(S3), List.of()),
        once("growth-50M", part(sized(50)), List.of()),
        once("skew-group", skewed(100_000, 100_000, 10, 0), DefectDojoPeers.OF_ANY_KEYS),
        once("skew-object", skewed(1_000_000, 0, 0, 1_000_000), DefectDojoPeers.OF_ANY_KEYS));
  }

  /** The same in the small, for tests. */
  public static BenchCase tiny() {
    return closely(
        "defectdojo-tiny",
        new Size(120, 40, 5, new Departments(30, 4, 12), 3),
        DefectDojoPeers.GOALS);
  }

  /** The data of S3, whose shape that of others is. */
  static Part largest() {
    return part(S3);
  }

  /** The same rows, with users and products known by a uuid. */
  static Part byUuid(Part part) {
    return new Part(
        part.prefix(),
        part.name(),
        part.tables(),
        List.of(DATA, "defectdojo-uuid"),
        part.settings());
  }

  /** The shape of S3 with about so many million pairs. */
  private static Size sized(int millions) {
    return new Size(
        6_000 * millions, 10_000 * millions, 500 * millions, new Departments(94, 10, 55), 7);
  }

  /** How many users a department has, how many groups, and how many users each of those. */
  private record Departments(int users, int groups, int groupSize) {}

  private record Size(
      int users, int products, int productTypes, Departments departments, int groupsPerObject) {
    Map<String, Integer> settings() {
      return Map.of(
          "users", users,
          "products", products,
          "product_types", productTypes,
          "department", departments.users(),
          "groups_per_department", departments.groups(),
          "group_size", departments.groupSize(),
          "groups_per_object", groupsPerObject);
    }
  }

  private static Part part(Size size) {
    return new Part(Cases.MAIN, "defectdojo", TABLES, List.of(DATA), size.settings());
  }

  /**
   * A thousand ordinary products, and what is out of proportion.
   *
   * @param groupSize of one group, which so many products have
   * @param objectUsers direct members of one product
   */
  private static Part skewed(int users, int groupSize, int groupProducts, int objectUsers) {
    return new Part(
        Cases.MAIN,
        "defectdojo",
        TABLES,
        List.of("defectdojo-skew"),
        Map.of(
            "users", users,
            "large_group", groupSize,
            "large_group_products", groupProducts,
            "large_product", objectUsers));
  }

  private static BenchCase closely(String name, Size size, List<Goal> goals) {
    return new BenchCase(
        name, PLAN, List.of(part(size)), DefectDojoPeers.ALL, outcomes(), true, goals);
  }

  private static BenchCase once(String name, Part part, List<Peer> peers) {
    return BenchCase.of(name, PLAN, List.of(part), peers, outcomes());
  }

  private static List<Outcome> outcomes() {
    return List.of(
        new Outcome(
            "dojo_product_authorized_users",
            "SELECT product_id, dojo_user_id FROM dojo_product_authorized_users"),
        new Outcome(
            "dojo_product_type_authorized_users",
            "SELECT product_type_id, dojo_user_id FROM dojo_product_type_authorized_users"),
        new Outcome("auth_user", "SELECT id, is_superuser, is_staff FROM auth_user"));
  }
}
