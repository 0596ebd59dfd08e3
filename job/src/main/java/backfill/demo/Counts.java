package backfill.demo;

/**
 * What an installation of DefectDojo holds, in rows.
 *
 * @param memberships of groups, duplicates included
 * @param pairs already in the two target tables
 */
public record Counts(
    long users,
    long groups,
    long memberships,
    long products,
    long productTypes,
    GrantRows grants,
    long pairs) {

  /**
   * What gives access.
   *
   * @param direct on products and product types, to a user
   * @param toGroups on products and product types
   */
  public record GrantRows(long direct, long toGroups, long globalRoles) {}

  /** A sentence for people. */
  public String sentence() {
    return String.format(
        "%,d users with %,d memberships of %,d groups; %,d products of %,d types, granted %,d times to a user and %,d"
            + " times to a group; %,d global roles; %,d pairs already there.",
        users,
        memberships,
        groups,
        products,
        productTypes,
        grants.direct(),
        grants.toGroups(),
        grants.globalRoles(),
        pairs);
  }
}
