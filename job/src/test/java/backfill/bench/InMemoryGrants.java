package backfill.bench;

import java.util.SplittableRandom;

/**
 * The grants of scale S4, without a database: 200,000 products have five groups each, and a group
 * 1000 users, so a billion raw grants.
 *
 * <p>60,000 users are in departments of 2500, each with ten groups: 1000 of its users, drawn. Five
 * of a department's groups then miss a user with a probability of 0.6⁵, so they have 2305 of the
 * 2500 in all; 200,000 times that is 461 million. As in the smaller scales, a product has five
 * groups of its department that follow each other, and a department's users are spread over all.
 * The same each time: the seed is the group's number.
 */
public final class InMemoryGrants {
  public static final int PRODUCTS = 200_000;
  public static final int GROUPS_OF_A_PRODUCT = 5;
  public static final int USERS_OF_A_GROUP = 1000;

  private static final int USERS = 60_000;
  private static final int USERS_OF_A_DEPARTMENT = 2500;
  private static final int GROUPS_OF_A_DEPARTMENT = 10;
  private static final int DEPARTMENTS = USERS / USERS_OF_A_DEPARTMENT;
  public static final int GROUPS = DEPARTMENTS * GROUPS_OF_A_DEPARTMENT;

  private InMemoryGrants() {}

  /** The users of a group, each once, in no order. */
  public static long[] users(int group) {
    SplittableRandom random = new SplittableRandom(group);
    int department = group / GROUPS_OF_A_DEPARTMENT;
    int[] places = new int[USERS_OF_A_DEPARTMENT];
    for (int i = 0; i < places.length; i++) {
      places[i] = i;
    }
    long[] users = new long[USERS_OF_A_GROUP];
    for (int i = 0; i < users.length; i++) {
      int drawn = i + random.nextInt(places.length - i);
      int place = places[drawn];
      places[drawn] = places[i];
      users[i] = 1 + ((long) department * USERS_OF_A_DEPARTMENT + place) * 7919 % USERS;
    }
    return users;
  }

  /** The group in one of a product's places, from 0. */
  public static int group(int product, int place) {
    int first = (int) (Integer.toUnsignedLong(product * 0x9E3779B9) >>> 8) % GROUPS_OF_A_DEPARTMENT;
    return product % DEPARTMENTS * GROUPS_OF_A_DEPARTMENT
        + (first + place) % GROUPS_OF_A_DEPARTMENT;
  }
}
