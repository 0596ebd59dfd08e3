package backfill.plan;

import java.util.List;
import java.util.Optional;

/**
 * Where the pairs of a step come from.
 *
 * @param direct sources that name a user of an object
 * @param through sources that name a group of an object
 * @param members sources that name a user of a group
 * @param nested sources that name a group within a group
 * @param hierarchy what objects are within objects
 */
public record GrantSources(
    List<Grant> direct,
    List<Grant> through,
    List<Membership> members,
    List<Nested> nested,
    Hierarchy hierarchy) {
  public GrantSources {
    direct = List.copyOf(direct);
    through = List.copyOf(through);
    members = List.copyOf(members);
    nested = List.copyOf(nested);
  }

  /** Of groups that hold users and nothing else, on objects that hold nothing. */
  public GrantSources(List<Grant> direct, List<Grant> through, List<Membership> members) {
    this(direct, through, members, List.of(), Hierarchy.NONE);
  }

  /**
   * One source of grants on objects.
   *
   * @param from a source's or a view's name
   * @param object the column with the object's key
   * @param grantee the column with the user's key, or the group's in {@code through}
   */
  public record Grant(String from, String object, String grantee) {}

  /**
   * One source of memberships.
   *
   * @param from a source's or a view's name
   */
  public record Membership(String from, String group, String user) {}

  /**
   * One source of what is nested in what: the users of a child group are users of its parent; what
   * is granted on a parent object is granted on its child.
   *
   * @param from a source's or a view's name
   */
  public record Nested(String from, String parent, String child) {}

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
   * @param object the column with the object's key
   */
  public record Leaves(String from, String object) {}
}
