package backfill.bench.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;

/**
 * What users of DefectDojo make it send to the tables that are filled and read: who may see a
 * product, what a user may see, a product's members, a login, an edited product, a member added or
 * removed together with the pair. One client's connection, whose statements are prepared once.
 */
final class UserActions implements AutoCloseable {
  /** How many of the members that it added it leaves there before it removes the oldest. */
  private static final int MEMBERS = 20;

  /** A pair that another member or a group still gives stays. */
  private static final String REMOVE_PAIR =
      """
      DELETE FROM dojo_product_authorized_users a WHERE product_id = ? AND dojo_user_id = ?
        AND NOT EXISTS (SELECT FROM dojo_product_member m
                        WHERE m.product_id = a.product_id AND m.user_id = a.dojo_user_id)
        AND NOT EXISTS (SELECT FROM dojo_product_group g JOIN dojo_dojo_group_member m USING (group_id)
                        WHERE g.product_id = a.product_id AND m.user_id = a.dojo_user_id)
      """;

  private final Connection connection;
  private final SplittableRandom random;
  private final int users;
  private final int products;
  private final Deque<Member> added = new ArrayDeque<>();
  private final PreparedStatement maySee;
  private final PreparedStatement productsOfUser;
  private final PreparedStatement membersOfProduct;
  private final PreparedStatement login;
  private final PreparedStatement edit;
  private final PreparedStatement addMember;
  private final PreparedStatement addPair;
  private final PreparedStatement removeMember;
  private final PreparedStatement removePair;

  private record Member(int id, int product, int user) {}

  /** Takes the connection over, and closes it in the end. */
  UserActions(Connection connection, SplittableRandom random) throws SQLException {
    this.connection = connection;
    this.random = random;
    users = number("SELECT max(id) FROM auth_user");
    products = number("SELECT max(id) FROM dojo_product");
    connection.setAutoCommit(false);
    maySee =
        prepare(
            "SELECT 1 FROM dojo_product_authorized_users WHERE product_id = ? AND dojo_user_id = ?");
    productsOfUser =
        prepare("SELECT product_id FROM dojo_product_authorized_users WHERE dojo_user_id = ?");
    membersOfProduct =
        prepare("SELECT user_id, role_id FROM dojo_product_member WHERE product_id = ?");
    login = prepare("UPDATE auth_user SET last_login = now() WHERE id = ?");
    edit = prepare("UPDATE dojo_product SET description = ? WHERE id = ?");
    addMember =
        prepare(
            "INSERT INTO dojo_product_member (product_id, user_id, role_id) VALUES (?, ?, 1)"
                + " RETURNING id");
    addPair =
        prepare(
            "INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id) VALUES (?, ?)"
                + " ON CONFLICT DO NOTHING");
    removeMember = prepare("DELETE FROM dojo_product_member WHERE id = ?");
    removePair = prepare(REMOVE_PAIR);
  }

  /** One transaction, drawn at random: three of four only read. */
  void next() throws SQLException {
    try {
      int draw = random.nextInt(100);
      connection.setAutoCommit(draw < 90);
      if (draw < 40) {
        read(maySee, product(), user());
      } else if (draw < 60) {
        read(productsOfUser, user());
      } else if (draw < 75) {
        read(membersOfProduct, product());
      } else if (draw < 85) {
        write(login, user());
      } else if (draw < 90) {
        edit.setString(1, "edited " + draw + " " + random.nextInt(1_000_000));
        edit.setInt(2, product());
        edit.executeUpdate();
      } else if (added.size() < MEMBERS || random.nextBoolean()) {
        Member member = add(product(), user());
        connection.commit();
        added.add(member);
      } else {
        remove(added.element());
        connection.commit();
        added.remove();
      }
    } catch (SQLException e) {
      rollBack(e);
      throw e;
    }
  }

  private Member add(int product, int user) throws SQLException {
    addMember.setInt(1, product);
    addMember.setInt(2, user);
    int id;
    try (ResultSet row = addMember.executeQuery()) {
      row.next();
      id = row.getInt(1);
    }
    write(addPair, product, user);
    return new Member(id, product, user);
  }

  private void remove(Member member) throws SQLException {
    write(removeMember, member.id());
    write(removePair, member.product(), member.user());
  }

  private static void read(PreparedStatement statement, int... keys) throws SQLException {
    bind(statement, keys);
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        rows.getInt(1);
      }
    }
  }

  private static int write(PreparedStatement statement, int... keys) throws SQLException {
    bind(statement, keys);
    return statement.executeUpdate();
  }

  private static void bind(PreparedStatement statement, int... keys) throws SQLException {
    for (int i = 0; i < keys.length; i++) {
      statement.setInt(i + 1, keys[i]);
    }
  }

  private int product() {
    return 1 + random.nextInt(products);
  }

  private int user() {
    return 1 + random.nextInt(users);
  }

  private PreparedStatement prepare(String statement) throws SQLException {
    return connection.prepareStatement(statement);
  }

  private int number(String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getInt(1);
    }
  }

  private void rollBack(SQLException cause) {
    try {
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
