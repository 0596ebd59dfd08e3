package backfill.demo;

import java.util.Map;

/** How much {@link DemoData} makes; each constant names a size of installation. */
public enum Scale {
  /** A few hundred pairs: for tests, and for a first look. */
  TINY(72, 36, 3, 12, 4, 4, 2),
  /** About 90,000 pairs: an installation of 5,000 people, in a few seconds. */
  SMALL(5_000, 2_500, 125, 40, 8, 16, 5);

  private final Map<String, Integer> variables;

  Scale(
      int users,
      int products,
      int types,
      int departmentUsers,
      int departmentGroups,
      int groupUsers,
      int groupGrants) {
    variables =
        Map.of(
            "users", users,
            "products", products,
            "types", types,
            "department_users", departmentUsers,
            "department_groups", departmentGroups,
            "group_users", groupUsers,
            "group_grants", groupGrants);
  }

  /** The numbers that {@code data.sql} asks for, by their name there. */
  Map<String, Integer> variables() {
    return variables;
  }
}
