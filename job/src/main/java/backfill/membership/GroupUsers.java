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
  private static final long serialVersionUID = 4L;

  /** What {@link #number} answers for a group without members. */
  public static final int EMPTY = -1;

  private final int levels;
  private transient LongIndex numbers = new LongIndex(16);
  private transient BitmapBytes.Sized[] users;
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
    this.users = new BitmapBytes.Sized[16];
  }

  /** Adds users to a group. */
  public void add(long group, RoaringBitmap members) {
    int number = numbers.get(group, EMPTY);
    if (number == EMPTY) {
      append(group, MemberSet.of(members.clone()));
    } else {
      ((MemberSet) users[number]).many().or(members);
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
    append(group, levels == 1 ? members.at(0) : members);
  }

  private void append(long group, BitmapBytes.Sized members) {
    if (numbers.get(group, EMPTY) != EMPTY) {
      throw new IllegalArgumentException("group " + group + " has a set already");
    }
    if (size == groups.length) {
      groups = Arrays.copyOf(groups, 2 * size);
      users = Arrays.copyOf(users, 2 * size);
    }
    numbers.put(group, size);
    groups[size] = group;
    users[size++] = members;
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
    return levels == 1 ? ((MemberSet) users[number]).bitmap() : byLevel(number).bitmap(level);
  }

  /** The same as it is held; several groups may have one. */
  public MemberSet members(int number, int level) {
    return levels == 1 ? (MemberSet) users[number] : byLevel(number).at(level);
  }

  /** The users of a group by its number, where there are several levels. */
  LevelMembers byLevel(int number) {
    return (LevelMembers) users[number];
  }

  /** The users of a group by its number, at whatever level; not to be changed. */
  public RoaringBitmap users(int number) {
    return levels == 1 ? ((MemberSet) users[number]).bitmap() : byLevel(number).all();
  }

  /**
   * The smallest and the largest user, without sign, of groups with few at several levels; none
   * where no group is so.
   */
  int[] endsOfFew() {
    long smallest = Long.MAX_VALUE;
    long largest = -1;
    for (int number = 0; levels > 1 && number < size; number++) {
      long[] few = byLevel(number).few();
      if (few != null && few.length > 0) {
        smallest = Math.min(smallest, few[0]);
        largest = Math.max(largest, few[few.length - 1]);
      }
    }
    return largest < 0
        ? new int[0]
        : new int[] {LevelMembers.member(smallest), LevelMembers.member(largest)};
  }

  /** How many groups have a member. */
  public int size() {
    return size;
  }

  /** What it takes on its way to an executor, in bytes, about: a set that groups share once. */
  public long bytesWritten() {
    return distinct().keySet().stream().mapToLong(BitmapBytes.Sized::bytesWritten).sum()
        + (long) size * (Long.BYTES + Integer.BYTES);
  }

  /** What its sets take in memory, in bytes, about: one that groups share once. */
  public long bytes() {
    return distinct().keySet().stream().mapToLong(BitmapBytes.Sized::bytes).sum();
  }

  /** What groups have, numbered in their order. */
  private Map<BitmapBytes.Sized, Integer> distinct() {
    Map<BitmapBytes.Sized, Integer> distinct = new IdentityHashMap<>(size);
    for (int number = 0; number < size; number++) {
      distinct.putIfAbsent(users[number], distinct.size());
    }
    return distinct;
  }

  /** Groups, each with a number of what it has, which stands behind the first that has it. */
  private void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
    out.writeInt(size);
    Map<BitmapBytes.Sized, Integer> written = new IdentityHashMap<>(size);
    for (int number = 0; number < size; number++) {
      out.writeLong(groups[number]);
      Integer before = written.putIfAbsent(users[number], written.size());
      out.writeInt(before == null ? EMPTY : before);
      if (before == null) {
        users[number].write(out);
      }
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
    users = new BitmapBytes.Sized[groups.length];
    BitmapBytes.Sized[] sets = new BitmapBytes.Sized[size];
    int read = 0;
    for (int number = 0; number < size; number++) {
      groups[number] = in.readLong();
      numbers.put(groups[number], number);
      int before = in.readInt();
      if (before == EMPTY) {
        sets[read++] = levels == 1 ? MemberSet.read(in) : LevelMembers.read(in, levels);
      }
      users[number] = sets[before == EMPTY ? read - 1 : before];
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
