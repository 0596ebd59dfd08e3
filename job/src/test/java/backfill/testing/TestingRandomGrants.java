package backfill.testing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A small DefectDojo at random, for tests of a property: 20 users, 15 products, 6 types and 8
 * groups, with whatever the tables allow. Ids are explicit, from both ends of {@code integer} and
 * around 0; rows repeat; a group may be empty; a global role may name no role, or a user and a
 * group. Names tell the ids: {@code "u-3"}.
 */
public final class TestingRandomGrants {
  private static final int USERS = 20;
  private static final int PRODUCTS = 15;
  private static final int TYPES = 6;
  private static final int GROUPS = 8;
  private static final int ROLES = 5;

  private final Connection connection;
  private final Random random;

  private TestingRandomGrants(Connection connection, Random random) {
    this.connection = connection;
    this.random = random;
  }

  /** A new seed, or {@code -Dbackfill.seed=…} to see a failure again. */
  public static long anySeed() {
    return Long.getLong("backfill.seed", new Random().nextLong());
  }

  /** Fills the tables that {@link TestingDefectDojo#create} made, and prints the seed. */
  public static void fill(Connection connection, long seed) throws SQLException {
    System.out.println("RandomGrants: backfill.seed=" + seed);
    new TestingRandomGrants(connection, new Random(seed)).fill();
  }

  private void fill() throws SQLException {
    List<Integer> users = ids(USERS);
    List<Integer> types = ids(TYPES);
    List<Integer> products = ids(PRODUCTS);
    List<Integer> groups = ids(GROUPS);
    for (int user : users) {
      insert(
          "INSERT INTO auth_user (id, username, is_superuser, is_staff, is_active, password, first_name, last_name,"
              + " email, date_joined) VALUES (?, 'u' || ?, ?, ?, ?, '!', '', '', '', now())",
          user,
          user,
          oneIn(8),
          oneIn(8),
          !oneIn(4));
    }
    for (int type : types) {
      insert("INSERT INTO dojo_product_type (id, name) VALUES (?, 'pt' || ?)", type, type);
    }
    for (int product : products) {
      insert(
          "INSERT INTO dojo_product (id, name, description, prod_type_id) VALUES (?, 'p' || ?, '', ?)",
          product,
          product,
          any(types));
    }
    for (int group : groups) {
      insert("INSERT INTO dojo_dojo_group (id, name) VALUES (?, 'g' || ?)", group, group);
    }
    // Some groups, products and users stay out of each kind of grant.
    grants("dojo_dojo_group_member (group_id, user_id", some(groups), users, 40);
    grants("dojo_product_member (product_id, user_id", some(products), users, 25);
    grants("dojo_product_type_member (product_type_id, user_id", some(types), users, 10);
    grants("dojo_product_group (product_id, group_id", some(products), groups, 25);
    grants("dojo_product_type_group (product_type_id, group_id", some(types), groups, 10);
    globalRoles(users, groups);
    present("dojo_product_authorized_users (product_id", products, users, 12);
    present("dojo_product_type_authorized_users (product_type_id", types, users, 5);
    restart();
  }

  /** Rows that a test makes by name beside these get ids that none of these has, or hardly any. */
  private void restart() throws SQLException {
    for (String table :
        List.of("auth_user", "dojo_product_type", "dojo_product", "dojo_dojo_group")) {
      insert("ALTER TABLE " + table + " ALTER id RESTART WITH 1000000");
    }
  }

  private void grants(String into, List<Integer> objects, List<Integer> holders, int atMost)
      throws SQLException {
    for (int i = random.nextInt(atMost + 1); i > 0 && !objects.isEmpty(); i--) {
      int object = any(objects);
      int holder = any(holders);
      for (int copies = oneIn(4) ? 2 : 1; copies > 0; copies--) {
        insert("INSERT INTO " + into + ", role_id) VALUES (?, ?, ?)", object, holder, role());
      }
    }
  }

  private void globalRoles(List<Integer> users, List<Integer> groups) throws SQLException {
    for (int i = random.nextInt(12); i > 0; i--) {
      int kind = random.nextInt(5);
      insert(
          "INSERT INTO dojo_global_role (user_id, group_id, role_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
          kind > 1 ? any(users) : null,
          kind < 3 ? any(groups) : null,
          oneIn(6) ? null : role());
    }
  }

  private void present(String into, List<Integer> objects, List<Integer> users, int atMost)
      throws SQLException {
    for (int i = random.nextInt(atMost + 1); i > 0; i--) {
      insert(
          "INSERT INTO " + into + ", dojo_user_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
          any(objects),
          any(users));
    }
  }

  /** Distinct; 0 and negative ones too, because a foreign key may hold any integer. */
  private List<Integer> ids(int howMany) {
    return IntStream.generate(this::id).distinct().limit(howMany).boxed().toList();
  }

  private int id() {
    return switch (random.nextInt(4)) {
      case 0 -> Integer.MAX_VALUE - random.nextInt(20);
      case 1 -> Integer.MIN_VALUE + random.nextInt(20);
      case 2 -> random.nextInt(41) - 20;
      default -> random.nextInt();
    };
  }

  private int role() {
    return 1 + random.nextInt(ROLES);
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  private Integer any(List<Integer> of) {
    return of.get(random.nextInt(of.size()));
  }

  private List<Integer> some(List<Integer> of) {
    List<Integer> some = new ArrayList<>();
    of.forEach(
        one -> {
          if (!oneIn(4)) {
            some.add(one);
          }
        });
    return some;
  }

  private void insert(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }
}
