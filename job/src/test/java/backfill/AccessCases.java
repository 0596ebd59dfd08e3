package backfill;

import java.sql.SQLException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Small DefectDojos, each with what its targets must hold after a run: for the oracle and for the
 * job alike.
 */
final class AccessCases {
  private AccessCases() {}

  /** One of them; its name says what it is about. */
  record Case(String name, Fill fill, Access expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Puts the rows in. */
  @FunctionalInterface
  interface Fill {
    void into(DefectDojo dojo) throws SQLException;
  }

  static Stream<Case> all() {
    return Stream.of(
        of(
            "same direct member with two roles is one pair",
            dojo -> dojo.productMember("p1", "u1", "Reader").productMember("p1", "u1", "Owner"),
            access("p1 u1", "", "")),
        of(
            "direct member who is in the group twice is one pair",
            dojo ->
                dojo.productMember("p1", "u2", "Reader")
                    .productGroup("p1", "g1")
                    .groupMember("g1", "u2", "Reader")
                    .groupMember("g1", "u2", "Owner")
                    .group("g1", "u3"),
            access("p1 u2, p1 u3", "", "")),
        of(
            "member of two groups of a product is one pair",
            dojo ->
                dojo.productGroup("p1", "g1")
                    .productGroup("p1", "g2")
                    .group("g1", "u1")
                    .group("g2", "u1"),
            access("p1 u1", "", "")),
        of(
            "group without members gives nothing",
            dojo -> dojo.productGroup("p2", "g2"),
            access("", "", "")),
        of(
            "inactive user is included",
            dojo ->
                dojo.productGroup("p1", "g1")
                    .group("g1", "u3")
                    .inactive("u3")
                    .globalRoleUser("u3", "Owner"),
            access("p1 u3", "", "u3 is_superuser")),
        of(
            "grant on a type stays on the type",
            dojo ->
                dojo.product("p1", "pt1")
                    .typeMember("pt1", "u4", "Writer")
                    .typeGroup("pt1", "g1")
                    .group("g1", "u2", "u3"),
            access("", "pt1 u2, pt1 u3, pt1 u4", "")),
        of(
            "owner is superuser and not staff",
            dojo -> dojo.globalRoleUser("u5", "Owner"),
            access("", "", "u5 is_superuser")),
        of(
            "writer, maintainer and importer are staff and not superuser",
            dojo ->
                dojo.globalRoleUser("u6", "Writer")
                    .globalRoleUser("u61", "Maintainer")
                    .globalRoleUser("u62", "API_Importer"),
            access("", "", "u6 is_staff, u61 is_staff, u62 is_staff")),
        of(
            "reader and no role give no flag",
            dojo ->
                dojo.globalRoleUser("u7", "Reader").globalRoleGroup("g5", null).group("g5", "u8"),
            access("", "", "")),
        of(
            "global role of a group is its members'",
            dojo ->
                dojo.globalRoleGroup("g1", "Owner")
                    .group("g1", "u1", "u2")
                    .globalRoleUser("u1", "Maintainer"),
            access("", "", "u1 is_staff, u1 is_superuser, u2 is_superuser")),
        of(
            "role in the group is no global role",
            dojo -> dojo.globalRoleGroup("g1", "Reader").groupMember("g1", "u1", "Owner"),
            access("", "", "")),
        of(
            "global role of a user and a group counts for both",
            dojo -> dojo.globalRoleBoth("u1", "g1", "Writer").group("g1", "u2"),
            access("", "", "u1 is_staff, u2 is_staff")),
        of(
            "roles go by their name",
            dojo ->
                dojo.ownerRole("CustomOwner")
                    .globalRoleUser("u1", "CustomOwner")
                    .globalRoleUser("u2", "Writer")
                    .renameRole("Writer", "Author"),
            access("", "", "")),
        of(
            "pair that nothing backs is kept",
            dojo ->
                dojo.authorizedUser("p3", "u12")
                    .authorizedUser("p3", "u1")
                    .authorizedTypeUser("pt3", "u12")
                    .productMember("p3", "u1", "Reader")
                    .productMember("p3", "u2", "Reader"),
            access("p3 u1, p3 u12, p3 u2", "pt3 u12", "")),
        of(
            "flags are never lowered",
            dojo -> dojo.superuser("u1").globalRoleUser("u1", "Reader").staff("u2"),
            access("", "", "u1 is_superuser, u2 is_staff")),
        of(
            "without roles everything stays as it is",
            dojo ->
                dojo.productMember("p1", "u1", "Reader").authorizedUser("p3", "u12").withoutRoles(),
            access("p3 u12", "", "")),
        of("empty tables stay empty", dojo -> {}, access("", "", "")));
  }

  /** Names separated by a comma and a blank. */
  static Access access(String products, String types, String flags) {
    return new Access(set(products), set(types), set(flags));
  }

  private static Case of(String name, Fill fill, Access expected) {
    return new Case(name, fill, expected);
  }

  private static TreeSet<String> set(String names) {
    return names.isEmpty() ? new TreeSet<>() : new TreeSet<>(List.of(names.split(", ")));
  }
}
