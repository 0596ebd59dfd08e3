package backfill.plan;

import backfill.plan.level.LevelOrder;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * Where the pairs of a step come from.
 *
 * @param direct sources that name a user of an object
 * @param through sources that name a group of an object
 * @param members sources that name a user of a group
 * @param nested sources that name a group within a group
 * @param hierarchy what objects are within objects
 * @param levels those that the step knows
 */
public record GrantSources(
    List<Grant> direct,
    List<Grant> through,
    List<Membership> members,
    List<Nested> nested,
    Hierarchy hierarchy,
    LevelOrder levels) {
  public GrantSources {
    direct = List.copyOf(direct);
    through = List.copyOf(through);
    members = List.copyOf(members);
    nested = List.copyOf(nested);
  }

  /** Of groups that hold users and nothing else, on objects that hold nothing. */
  public GrantSources(List<Grant> direct, List<Grant> through, List<Membership> members) {
    this(direct, through, members, List.of(), Hierarchy.NONE, LevelOrder.OF_SOURCES);
  }

  /** The columns that levels are read from. */
  public Stream<LevelColumn> leveled() {
    return levels(LevelColumn::of);
  }

  /** The levels that whole sources have. */
  public Stream<LevelConstant> constants() {
    return levels(LevelConstant::of);
  }

  private <T> Stream<T> levels(
      BiFunction<String, Optional<LevelOrder.OfSource>, Optional<T>> ofSource) {
    return Stream.of(
            Stream.concat(direct.stream(), through.stream())
                .map(grant -> ofSource.apply(grant.from(), grant.level())),
            members.stream().map(member -> ofSource.apply(member.from(), member.level())),
            Stream.concat(nested.stream(), hierarchy.objects().stream())
                .map(edges -> ofSource.apply(edges.from(), edges.level())))
        .flatMap(some -> some)
        .flatMap(Optional::stream);
  }

  /**
   * The level of all rows of a source.
   *
   * @param from a source's or a view's name
   * @param bare whether it is written like a column's name
   */
  public record LevelConstant(String from, String level, boolean bare) {
    private static Optional<LevelConstant> of(String from, Optional<LevelOrder.OfSource> level) {
      return level
          .filter(given -> given.constant() != null)
          .map(given -> new LevelConstant(from, given.constant(), given.bare()));
    }
  }

  /**
   * A column that levels are read from.
   *
   * @param from a source's or a view's name
   */
  public record LevelColumn(String from, String column) {
    private static Optional<LevelColumn> of(String from, Optional<LevelOrder.OfSource> level) {
      return level.map(LevelOrder.OfSource::column).map(column -> new LevelColumn(from, column));
    }
  }

  /**
   * One source of grants on objects.
   *
   * @param from a source's or a view's name
   * @param object the columns with the object's key
   * @param grantee the columns with the user's key, or the group's in {@code through}
   * @param level of what is granted; empty where a row has none of its own
   */
  public record Grant(
      String from, List<String> object, List<String> grantee, Optional<LevelOrder.OfSource> level) {
    public Grant {
      object = List.copyOf(object);
      grantee = List.copyOf(grantee);
    }

    /** Without a level of its own. */
    public Grant(String from, List<String> object, List<String> grantee) {
      this(from, object, grantee, Optional.empty());
    }

    /** Of keys of one column each, without a level of its own. */
    public Grant(String from, String object, String grantee) {
      this(from, List.of(object), List.of(grantee), Optional.empty());
    }
  }

  /**
   * One source of memberships.
   *
   * @param from a source's or a view's name
   * @param level the highest that the group's grants give by it; empty for any
   */
  public record Membership(
      String from, List<String> group, List<String> user, Optional<LevelOrder.OfSource> level) {
    public Membership {
      group = List.copyOf(group);
      user = List.copyOf(user);
    }

    /** That gives whatever the group is granted. */
    public Membership(String from, List<String> group, List<String> user) {
      this(from, group, user, Optional.empty());
    }

    /** Of keys of one column each, that gives whatever the group is granted. */
    public Membership(String from, String group, String user) {
      this(from, List.of(group), List.of(user), Optional.empty());
    }
  }

  /**
   * One source of what is nested in what: the users of a child group are users of its parent; what
   * is granted on a parent object is granted on its child.
   *
   * @param from a source's or a view's name
   * @param level the highest that is passed on by it; empty for any
   */
  public record Nested(
      String from, List<String> parent, List<String> child, Optional<LevelOrder.OfSource> level) {
    public Nested {
      parent = List.copyOf(parent);
      child = List.copyOf(child);
    }
  }

  /**
   * What objects are within objects.
   *
   * @param objects sources of it; none where nothing is within another
   * @param leaves the objects that the target is to have; empty for all
   */
  public record Hierarchy(List<Nested> objects, Optional<Leaves> leaves) {
    public static final Hierarchy NONE = new Hierarchy(List.of(), Optional.empty());

    public Hierarchy {
      objects = List.copyOf(objects);
    }
  }

  /**
   * The objects of one source.
   *
   * @param from a source's or a view's name
   * @param object the columns with the object's key
   */
  public record Leaves(String from, List<String> object) {
    public Leaves {
      object = List.copyOf(object);
    }
  }
}
