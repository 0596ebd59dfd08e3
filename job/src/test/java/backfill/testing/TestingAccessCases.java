package backfill.testing;

import java.sql.SQLException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Small DefectDojos, each with what its targets must hold after a run: for the oracle and for the
 * job alike.
 */
public final class TestingAccessCases {
  private TestingAccessCases() {}

  /** One of them; its name says what it is about. */
  public record Case(String name, Fill fill, TestingAccess expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Puts the rows in. */
  @FunctionalInterface
  public interface Fill {
    void into(TestingDefectDojo dojo) throws SQLException;
  }

  static Stream<Case> all() {
    return Stream.concat(together(), alone());
  }

  /** Those that do not touch each other's rows: one database can hold them all. */
  public static Stream<Case> together() {
    return Stream.of(
        of(
            "same direct member with two roles is one pair",
            dojo -> dojo.productMember("pa1", "ua1", "Reader").productMember("pa1", "ua1", "Owner"),
            access("pa1 ua1", "", "")),
        of(
            "direct member who is in the group twice is one pair",
            dojo ->
                dojo.productMember("pb1", "ub2", "Reader")
                    .productGroup("pb1", "gb1")
                    .groupMember("gb1", "ub2", "Reader")
                    .groupMember("gb1", "ub2", "Owner")
                    .group("gb1", "ub3"),
            access("pb1 ub2, pb1 ub3", "", "")),
        of(
            "member of two groups of a product is one pair",
            dojo ->
                dojo.productGroup("pc1", "gc1")
                    .productGroup("pc1", "gc2")
                    .group("gc1", "uc1")
                    .group("gc2", "uc1"),
            access("pc1 uc1", "", "")),
        of(
            "group without members gives nothing",
            dojo -> dojo.productGroup("pd2", "gd2"),
            access("", "", "")),
        of(
            "inactive user is included",
            dojo ->
                dojo.productGroup("pe1", "ge1")
                    .group("ge1", "ue3")
                    .inactive("ue3")
                    .globalRoleUser("ue3", "Owner"),
            access("pe1 ue3", "", "ue3 is_superuser")),
        of(
            "grant on a type stays on the type",
            dojo ->
                dojo.product("pf1", "ptf1")
                    .typeMember("ptf1", "uf4", "Writer")
                    .typeGroup("ptf1", "gf1")
                    .group("gf1", "uf2", "uf3"),
            access("", "ptf1 uf2, ptf1 uf3, ptf1 uf4", "")),
        of(
            "owner is superuser and not staff",
            dojo -> dojo.globalRoleUser("ug5", "Owner"),
            access("", "", "ug5 is_superuser")),
        of(
            "writer, maintainer and importer are staff and not superuser",
            dojo ->
                dojo.globalRoleUser("uh6", "Writer")
                    .globalRoleUser("uh61", "Maintainer")
                    .globalRoleUser("uh62", "API_Importer"),
            access("", "", "uh6 is_staff, uh61 is_staff, uh62 is_staff")),
        of(
            "reader and no role give no flag",
            dojo ->
                dojo.globalRoleUser("ui7", "Reader")
                    .globalRoleGroup("gi5", null)
                    .group("gi5", "ui8"),
            access("", "", "")),
        of(
            "global role of a group is its members'",
            dojo ->
                dojo.globalRoleGroup("gj1", "Owner")
                    .group("gj1", "uj1", "uj2")
                    .globalRoleUser("uj1", "Maintainer"),
            access("", "", "uj1 is_staff, uj1 is_superuser, uj2 is_superuser")),
        of(
            "role in the group is no global role",
            dojo -> dojo.globalRoleGroup("gk1", "Reader").groupMember("gk1", "uk1", "Owner"),
            access("", "", "")),
        of(
            "global role of a user and a group counts for both",
            dojo -> dojo.globalRoleBoth("ul1", "gl1", "Writer").group("gl1", "ul2"),
            access("", "", "ul1 is_staff, ul2 is_staff")),
        of(
            "pair that nothing backs is kept",
            dojo ->
                dojo.authorizedUser("pn3", "un12")
                    .authorizedUser("pn3", "un1")
                    .authorizedTypeUser("ptn3", "un12")
                    .productMember("pn3", "un1", "Reader")
                    .productMember("pn3", "un2", "Reader"),
            access("pn3 un1, pn3 un12, pn3 un2", "ptn3 un12", "")),
        of(
            "flags are never lowered",
            dojo -> dojo.superuser("uo1").globalRoleUser("uo1", "Reader").staff("uo2"),
            access("", "", "uo1 is_superuser, uo2 is_staff")),
        of("empty tables stay empty", dojo -> {}, access("", "", "")));
  }

  /** Those that change a role, and so every other case. */
  static Stream<Case> alone() {
    return Stream.of(
        of(
            "roles go by their name",
            dojo ->
                dojo.ownerRole("CustomOwner")
                    .globalRoleUser("um1", "CustomOwner")
                    .globalRoleUser("um2", "Writer")
                    .renameRole("Writer", "Author"),
            access("", "", "")),
        of(
            "without roles everything stays as it is",
            dojo ->
                dojo.productMember("pp1", "up1", "Reader")
                    .authorizedUser("pp3", "up12")
                    .withoutRoles(),
            access("pp3 up12", "", "")));
  }

  /** Names separated by a comma and a blank. */
  public static TestingAccess access(String products, String types, String flags) {
    return new TestingAccess(set(products), set(types), set(flags));
  }

  private static Case of(String name, Fill fill, TestingAccess expected) {
    return new Case(name, fill, expected);
  }

  private static TreeSet<String> set(String names) {
    return names.isEmpty() ? new TreeSet<>() : new TreeSet<>(List.of(names.split(", ")));
  }
}
