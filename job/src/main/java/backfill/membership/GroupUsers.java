package backfill.membership;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.RoaringBitmap;

/**
 * The group to users map: each group that has a member, numbered from 0, with the set of its users.
 * Read by many threads once it is filled; filled by one.
 */
public final class GroupUsers implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What {@link #number} answers for a group without members. */
  public static final int EMPTY = -1;

  private final HashMap<Long, Integer> numbers = new HashMap<>();
  private final ArrayList<RoaringBitmap> users = new ArrayList<>();
  private long[] groups = new long[16];

  /** Adds users to a group. */
  public void add(long group, RoaringBitmap members) {
    Integer number = numbers.get(group);
    if (number == null) {
      put(group, members.clone());
    } else {
      users.get(number).or(members);
    }
  }

  /** Takes a group's set as it is: groups may share one, and none is added to after that. */
  public void put(long group, RoaringBitmap members) {
    if (numbers.putIfAbsent(group, users.size()) != null) {
      throw new IllegalArgumentException("group " + group + " has a set already");
    }
    if (users.size() == groups.length) {
      groups = Arrays.copyOf(groups, 2 * groups.length);
    }
    groups[users.size()] = group;
    users.add(members);
  }

  /** The group's number, or {@link #EMPTY}. */
  public int number(long group) {
    return numbers.getOrDefault(group, EMPTY);
  }

  /** The group that has this number. */
  public long group(int number) {
    return groups[number];
  }

  /** The users of a group by its number; not to be changed. */
  public RoaringBitmap users(int number) {
    return users.get(number);
  }

  /** How many groups have a member. */
  public int size() {
    return users.size();
  }

  /** The map as plain Java sees it, for tests and small plans. */
  public Map<Long, List<Integer>> asMap() {
    Map<Long, List<Integer>> map = new HashMap<>();
    numbers.forEach((group, number) -> map.put(group, users.get(number).stream().boxed().toList()));
    return map;
  }
}
