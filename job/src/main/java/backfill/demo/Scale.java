package backfill.demo;

import java.util.Map;

/** How much {@link DemoData} makes; each constant names a size of installation. */
public enum Scale {
  /** A few hundred pairs: for tests, and for a first look. */
  TINY(new Sizes(72, 36, 3, 12, 4, 4, 2)),
  /** About 90,000 pairs: an installation of 5,000 people, in a few seconds. */
  SMALL(new Sizes(5_000, 2_500, 125, 40, 8, 16, 5));

  private final Sizes sizes;

  Scale(Sizes sizes) {
    this.sizes = sizes;
  }

  private record Sizes(
      int users,
      int products,
      int types,
      int departmentUsers,
      int departmentGroups,
      int groupUsers,
      int groupGrants) {}

  /** The numbers that {@code data.sql} asks for, by their name there. */
  Map<String, Integer> variables() {
    return Map.of(
        "users", sizes.users,
        "products", sizes.products,
        "types", sizes.types,
        "department_users", sizes.departmentUsers,
        "department_groups", sizes.departmentGroups,
        "group_users", sizes.groupUsers,
        "group_grants", sizes.groupGrants);
  }
}
