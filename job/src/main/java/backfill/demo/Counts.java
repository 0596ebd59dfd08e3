package backfill.demo;

/**
 * What an installation of DefectDojo holds, in rows.
 *
 * @param memberships of groups, duplicates included
 * @param directGrants on products and product types
 * @param groupGrants on products and product types
 * @param pairs already in the two target tables
 */
public record Counts(
    long users,
    long groups,
    long memberships,
    long products,
    long productTypes,
    long directGrants,
    long groupGrants,
    long globalRoles,
    long pairs) {

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
        directGrants,
        groupGrants,
        globalRoles,
        pairs);
  }
}
