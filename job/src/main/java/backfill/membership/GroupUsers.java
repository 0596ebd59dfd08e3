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
 * The group to users map: each group that has a member, numbered from 0, with the set of its users.
 * Read by many threads once it is filled; filled by one.
 */
public final class GroupUsers implements Serializable {
  private static final long serialVersionUID = 2L;

  /** What {@link #number} answers for a group without members. */
  public static final int EMPTY = -1;

  private transient LongIndex numbers = new LongIndex(16);
  private transient MemberSet[] users = new MemberSet[16];
  private transient long[] groups = new long[16];
  private transient int size;

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
    if (numbers.get(group, EMPTY) != EMPTY) {
      throw new IllegalArgumentException("group " + group + " has a set already");
    }
    append(group, members);
  }

  private void append(long group, MemberSet members) {
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

  /** The users of a group by its number; not to be changed. */
  public RoaringBitmap users(int number) {
    return users[number].bitmap();
  }

  /** The same as it is held; several groups may have one. */
  public MemberSet members(int number) {
    return users[number];
  }

  /** How many groups have a member. */
  public int size() {
    return size;
  }

  /** What it takes on its way to an executor, in bytes, about: a set that groups share once. */
  public long bytesWritten() {
    return distinct().keySet().stream().mapToLong(MemberSet::bytesWritten).sum()
        + (long) size * (Long.BYTES + Integer.BYTES);
  }

  /** What its sets take in memory, in bytes, about: one that groups share once. */
  public long bytes() {
    return distinct().keySet().stream().mapToLong(MemberSet::bytes).sum();
  }

  /** Its sets, numbered in their order. */
  private Map<MemberSet, Integer> distinct() {
    Map<MemberSet, Integer> distinct = new IdentityHashMap<>(size);
    for (int number = 0; number < size; number++) {
      distinct.putIfAbsent(users[number], distinct.size());
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
    users = new MemberSet[groups.length];
    MemberSet[] sets = new MemberSet[size];
    int read = 0;
    for (int number = 0; number < size; number++) {
      groups[number] = in.readLong();
      numbers.put(groups[number], number);
      int before = in.readInt();
      if (before == EMPTY) {
        sets[read++] = MemberSet.read(in);
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
