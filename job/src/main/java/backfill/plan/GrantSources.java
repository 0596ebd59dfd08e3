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
   * @param object the columns with the object's key
   * @param grantee the columns with the user's key, or the group's in {@code through}
   */
  public record Grant(String from, List<String> object, List<String> grantee) {
    public Grant {
      object = List.copyOf(object);
      grantee = List.copyOf(grantee);
    }

    /** Of keys of one column each. */
    public Grant(String from, String object, String grantee) {
      this(from, List.of(object), List.of(grantee));
    }
  }

  /**
   * One source of memberships.
   *
   * @param from a source's or a view's name
   */
  public record Membership(String from, List<String> group, List<String> user) {
    public Membership {
      group = List.copyOf(group);
      user = List.copyOf(user);
    }

    /** Of keys of one column each. */
    public Membership(String from, String group, String user) {
      this(from, List.of(group), List.of(user));
    }
  }

  /**
   * One source of what is nested in what: the users of a child group are users of its parent; what
   * is granted on a parent object is granted on its child.
   *
   * @param from a source's or a view's name
   */
  public record Nested(String from, List<String> parent, List<String> child) {
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
