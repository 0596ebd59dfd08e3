package backfill.plan;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One step of a plan: it fills one table. A new kind is a record here and its executor. */
public sealed interface Step permits Step.Pairs, Step.Rows {

  /** Unique within the plan. */
  String name();

  /** A PostgreSQL condition; false skips the step alone. */
  Optional<String> onlyIf();

  /** The table that this step fills, as the plan writes it. */
  String target();

  /**
   * The columns that identify a row of the target: the arbiter is the unique index on exactly
   * these.
   */
  List<String> key();

  /** The sources and views that the step itself names. */
  Set<String> reads();

  /** How this step writes. */
  Settings.Write write();

  /**
   * Grants flattened into (object, user) pairs.
   *
   * @param direct sources that name a user of an object
   * @param through sources that name a group of an object
   * @param members sources that name a user of a group
   */
  record Pairs(
      String name,
      Optional<String> onlyIf,
      List<Grant> direct,
      List<Grant> through,
      List<Membership> members,
      IntoPairs into,
      Settings.Write write)
      implements Step {

    public Pairs {
      direct = List.copyOf(direct);
      through = List.copyOf(through);
      members = List.copyOf(members);
    }

    @Override
    public String target() {
      return into.table();
    }

    @Override
    public List<String> key() {
      return List.of(into.object(), into.user());
    }

    @Override
    public Set<String> reads() {
      return Stream.of(
              direct.stream().map(Grant::from),
              through.stream().map(Grant::from),
              members.stream().map(Membership::from))
          .flatMap(names -> names)
          .collect(Collectors.toSet());
    }
  }

  /**
   * Rows of a query, matched with the target by key.
   *
   * @param query Spark SQL; its columns are the target's, by name
   */
  record Rows(
      String name,
      Optional<String> onlyIf,
      String query,
      IntoRows into,
      Mode mode,
      Settings.Write write)
      implements Step {

    @Override
    public String target() {
      return into.table();
    }

    @Override
    public List<String> key() {
      return into.key();
    }

    @Override
    public Set<String> reads() {
      return TableNames.in(query);
    }
  }

  /**
   * One source of grants on objects.
   *
   * @param from a source's or a view's name
   * @param object the column with the object's key
   * @param grantee the column with the user's key, or the group's in {@code through}
   */
  record Grant(String from, String object, String grantee) {}

  /**
   * One source of memberships.
   *
   * @param from a source's or a view's name
   */
  record Membership(String from, String group, String user) {}

  /** The table of pairs and its two columns. */
  record IntoPairs(String table, String object, String user) {}

  /** The table of rows and the columns that identify one. */
  record IntoRows(String table, List<String> key) {
    public IntoRows {
      key = List.copyOf(key);
    }
  }

  /** What a {@code rows} step does with the rows of its query. */
  enum Mode {
    /** Columns of rows that exist are set where they differ; no row is added. */
    UPDATE
  }
}
