package backfill.membership;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.RoaringBitmap;

/**
 * The group to users map: each group that has a member, numbered from 0, with the set of its users;
 * where memberships have levels, with a set for each of these, and each user in one of them. Read
 * by many threads once it is filled; filled by one.
 */
public final class GroupUsers implements Serializable {
  private static final long serialVersionUID = 3L;

  /** What {@link #number} answers for a group without members. */
  public static final int EMPTY = -1;

  private static final int NO_SET = -2;

  private final int levels;
  private transient LongIndex numbers = new LongIndex(16);
  private transient MemberSet[] users;
  private transient long[] groups = new long[16];
  private transient int size;

  /** Of memberships without levels. */
  public GroupUsers() {
    this(1);
  }

  /**
   * @param levels how many there are
   */
  public GroupUsers(int levels) {
    this.levels = levels;
    this.users = new MemberSet[16 * levels];
  }

  /** Adds users to a group. */
  public void add(long group, RoaringBitmap members) {
    int number = numbers.get(group, EMPTY);
    if (number == EMPTY) {
      append(group, MemberSet.of(members.clone()));
    } else {
      users[number].many().or(members);
    }
  }

  /** Takes a group's set as it is: groups may share one, and none is added to after that. */
  public void put(long group, MemberSet members) {
    append(group, members);
  }

  /** The same of a group's sets by level. */
  public void put(long group, LevelSets members) {
    put(group, LevelMembers.of(members));
  }

  /** The same; groups may share them. */
  public void put(long group, LevelMembers members) {
    MemberSet[] sets = new MemberSet[levels];
    for (int level = 0; level < levels; level++) {
      sets[level] = members.at(level, levels);
    }
    append(group, sets);
  }

  private void append(long group, MemberSet... members) {
    if (numbers.get(group, EMPTY) != EMPTY) {
      throw new IllegalArgumentException("group " + group + " has a set already");
    }
    if (size == groups.length) {
      groups = Arrays.copyOf(groups, 2 * size);
      users = Arrays.copyOf(users, 2 * size * levels);
    }
    numbers.put(group, size);
    groups[size] = group;
    System.arraycopy(members, 0, users, levels * size++, levels);
  }

  /** The group's number, or {@link #EMPTY}. */
  public int number(long group) {
    return numbers.get(group, EMPTY);
  }

  /** The group that has this number. */
  public long group(int number) {
    return groups[number];
  }

  /** How many levels there are. */
  public int levels() {
    return levels;
  }

  /** The users of a group at a level, not to be changed; null for none. */
  public RoaringBitmap users(int number, int level) {
    MemberSet set = members(number, level);
    return set == null ? null : set.bitmap();
  }

  /** The same as it is held; several groups may have one. */
  public MemberSet members(int number, int level) {
    return users[number * levels + level];
  }

  /** The users of a group by its number, at whatever level; not to be changed. */
  public RoaringBitmap users(int number) {
    if (levels == 1) {
      return users[number].bitmap();
    }
    RoaringBitmap all = new RoaringBitmap();
    for (int level = 0; level < levels; level++) {
      if (members(number, level) != null) {
        all.or(members(number, level).bitmap());
      }
    }
    return all;
  }

  /** How many groups have a member. */
  public int size() {
    return size;
  }

  /** What it takes on its way to an executor, in bytes, about: a set that groups share once. */
  public long bytesWritten() {
    return distinct().keySet().stream().mapToLong(MemberSet::bytesWritten).sum()
        + (long) size * (Long.BYTES + levels * Integer.BYTES);
  }

  /** What its sets take in memory, in bytes, about: one that groups share once. */
  public long bytes() {
    return distinct().keySet().stream().mapToLong(MemberSet::bytes).sum();
  }

  /** Its sets, numbered in their order. */
  private Map<MemberSet, Integer> distinct() {
    Map<MemberSet, Integer> distinct = new IdentityHashMap<>(size);
    for (int place = 0; place < size * levels; place++) {
      if (users[place] != null) {
        distinct.putIfAbsent(users[place], distinct.size());
      }
    }
    return distinct;
  }

  /** Groups, each with a number of a set, a set behind the first that has it. */
  private void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
    out.writeInt(size);
    Map<MemberSet, Integer> written = new IdentityHashMap<>(size);
    for (int number = 0; number < size; number++) {
      out.writeLong(groups[number]);
      for (int place = number * levels; place < (number + 1) * levels; place++) {
        write(users[place], written, out);
      }
    }
  }

  private static void write(MemberSet set, Map<MemberSet, Integer> written, ObjectOutputStream out)
      throws IOException {
    if (set == null) {
      out.writeInt(NO_SET);
      return;
    }
    Integer before = written.putIfAbsent(set, written.size());
    out.writeInt(before == null ? EMPTY : before);
    if (before == null) {
      set.write(out);
    }
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    size = in.readInt();
    if (size < 0) {
      throw new InvalidObjectException("a map of " + size + " groups");
    }
    numbers = new LongIndex(size);
    groups = new long[Math.max(1, size)];
    users = new MemberSet[groups.length * levels];
    MemberSet[] sets = new MemberSet[size * levels];
    int read = 0;
    for (int number = 0; number < size; number++) {
      groups[number] = in.readLong();
      numbers.put(groups[number], number);
      for (int place = number * levels; place < (number + 1) * levels; place++) {
        int before = in.readInt();
        if (before == EMPTY) {
          sets[read++] = MemberSet.read(in);
        }
        users[place] = before == NO_SET ? null : sets[before == EMPTY ? read - 1 : before];
      }
    }
  }

  /** The map as plain Java sees it, for tests and small plans. */
  public Map<Long, List<Integer>> asMap() {
    Map<Long, List<Integer>> map = new HashMap<>();
    for (int number = 0; number < size; number++) {
      map.put(groups[number], users(number).stream().boxed().toList());
    }
    return map;
  }
}
