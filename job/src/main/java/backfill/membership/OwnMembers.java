package backfill.membership;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;

/**
 * What each number of a graph has itself, as one array: no object for a number, and none for a
 * member.
 */
public final class OwnMembers implements Closure.Own, NestedWays.OwnUsers {
  private static final long serialVersionUID = 1L;

  private final int[] first;
  private final int[] members;

  private OwnMembers(int[] first, int[] members) {
    this.first = first;
    this.members = members;
  }

  /**
   * @param numbers how many there are
   * @param owners which number has a member, in arrays
   * @param members what it has, in arrays of the same lengths; in any order, and one perhaps twice
   */
  public static OwnMembers of(int numbers, List<int[]> owners, List<int[]> members) {
    int[] first = NestingGraph.first(numbers, owners);
    int[] next = Arrays.copyOf(first, numbers);
    int[] all = new int[first[numbers]];
    for (int part = 0; part < owners.size(); part++) {
      int[] some = owners.get(part);
      int[] of = members.get(part);
      for (int i = 0; i < some.length; i++) {
        all[next[some[i]]++] = of[i];
      }
    }
    OwnMembers own = new OwnMembers(first, all);
    IntStream.range(0, numbers).parallel().forEach(own::sort);
    return own;
  }

  /** Ascending without sign. */
  private void sort(int number) {
    sort(members, first[number], first[number + 1]);
  }

  /** Sorts a part of an array as numbers without sign. */
  static void sort(int[] some, int from, int to) {
    if (to - from < 2) {
      return;
    }
    flip(some, from, to);
    Arrays.sort(some, from, to);
    flip(some, from, to);
  }

  private static void flip(int[] some, int from, int to) {
    for (int i = from; i < to; i++) {
      some[i] ^= Integer.MIN_VALUE;
    }
  }

  /** What so many memberships take in memory, together with the arrays that they are made of. */
  public static long bytes(long memberships) {
    return 3L * Integer.BYTES * memberships;
  }

  @Override
  public MemberSet take(int number) {
    int[] own = Arrays.copyOfRange(members, first[number], first[number + 1]);
    int size = 0;
    for (int i = 0; i < own.length; i++) {
      if (i == 0 || own[i] != own[i - 1]) {
        own[size++] = own[i];
      }
    }
    return size == 0 ? null : MemberSet.of(size == own.length ? own : Arrays.copyOf(own, size));
  }

  /** All are at one level. */
  @Override
  public RoaringBitmap users(int number, int least) {
    MemberSet own = take(number);
    return own == null ? null : own.bitmap();
  }

  /** The smallest and the largest member, without sign; empty for none. */
  int[] ends() {
    if (members.length == 0) {
      return new int[0];
    }
    int[] ends = {members[0], members[0]};
    for (int member : members) {
      ends[0] = Integer.compareUnsigned(member, ends[0]) < 0 ? member : ends[0];
      ends[1] = Integer.compareUnsigned(member, ends[1]) > 0 ? member : ends[1];
    }
    return ends;
  }

  @Override
  public long bytes() {
    return Integer.BYTES * ((long) first.length + members.length);
  }
}
