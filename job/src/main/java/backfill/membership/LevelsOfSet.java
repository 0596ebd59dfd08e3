package backfill.membership;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * The level of each member of a set, as it is kept beside the set: a byte for each in the set's
 * order, or a set of each level where these take less.
 */
public final class LevelsOfSet implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A set of each level takes about as much as the set of all, and an object for each. */
  private static final int WORTH = 4;

  private final byte[] each;
  private final List<AtLevel> sets;

  private LevelsOfSet(byte[] each, List<AtLevel> sets) {
    this.each = each;
    this.sets = sets;
  }

  /**
   * Members of one level.
   *
   * @param level a number of the step's, or of what a target holds besides
   * @param members as a set's bytes
   */
  public record AtLevel(int level, byte[] members) implements Serializable {

    /** Of members by level; null or empty for none. */
    public static void add(int level, RoaringBitmap members, List<AtLevel> to) {
      if (members != null && !members.isEmpty()) {
        to.add(new AtLevel(level, BitmapBytes.bytes(members)));
      }
    }
  }

  /**
   * @param setBytes how many bytes the set of all members takes
   */
  public static LevelsOfSet of(LevelMembers members, int setBytes) {
    long[] few = members.few();
    if (few != null && few.length <= (long) WORTH * setBytes) {
      byte[] each = new byte[few.length];
      for (int i = 0; i < few.length; i++) {
        each[i] = (byte) LevelMembers.level(few[i]);
      }
      return new LevelsOfSet(each, null);
    }
    return new LevelsOfSet(null, byLevel(members.sets()));
  }

  private static List<AtLevel> byLevel(LevelSets sets) {
    List<AtLevel> all = new ArrayList<>();
    for (int level = 0; level < sets.levels(); level++) {
      AtLevel.add(level, sets.at(level), all);
    }
    return all;
  }

  /**
   * They by level, each level once.
   *
   * @param all the set
   */
  public List<AtLevel> byLevel(byte[] all) {
    if (sets != null) {
      return sets;
    }
    int[] members = BitmapBytes.set(all).toArray();
    long[] few = new long[members.length];
    int highest = 0;
    for (int i = 0; i < members.length; i++) {
      few[i] = LevelMembers.packed(members[i], each[i]);
      highest = Math.max(highest, each[i]);
    }
    return byLevel(LevelMembers.of(few, highest + 1).sets());
  }

  /**
   * To ask member by member.
   *
   * @param all the set
   */
  public Lookup in(byte[] all) {
    return sets == null ? new Lookup(each, BitmapBytes.set(all).toArray()) : lookup(sets);
  }

  /** The same of sets of each level. */
  public static Lookup lookup(List<AtLevel> sets) {
    return new Lookup(sets);
  }

  /** What is known of members, one by one: the fastest where they ascend. Used by one thread. */
  public static final class Lookup {
    private final byte[] each;
    private final int[] members;
    private final int[] levels;
    private final RoaringBitmap[] sets;
    private int place;

    private Lookup(byte[] each, int[] members) {
      this.each = each;
      this.members = members;
      this.levels = null;
      this.sets = null;
    }

    private Lookup(List<AtLevel> all) {
      this.each = null;
      this.members = null;
      this.levels = all.stream().mapToInt(AtLevel::level).toArray();
      this.sets =
          all.stream().map(set -> BitmapBytes.set(set.members)).toArray(RoaringBitmap[]::new);
    }

    /** The level of a member that has one. */
    public int of(int member) {
      if (sets == null) {
        return each[find(member)];
      }
      for (int i = 0; i < sets.length; i++) {
        if (sets[i].contains(member)) {
          return levels[i];
        }
      }
      throw unknown(member);
    }

    private int find(int member) {
      if (place >= members.length || Integer.compareUnsigned(members[place], member) > 0) {
        place = 0;
      }
      while (place < members.length && Integer.compareUnsigned(members[place], member) < 0) {
        place++;
      }
      if (place == members.length || members[place] != member) {
        throw unknown(member);
      }
      return place;
    }

    private static IllegalStateException unknown(int member) {
      return new IllegalStateException("user " + member + " has no level");
    }
  }

  /** Writes them. */
  public void write(DataOutput out) throws IOException {
    out.writeBoolean(sets == null);
    if (sets == null) {
      out.writeInt(each.length);
      out.write(each);
    } else {
      write(sets, out);
    }
  }

  /** Reads what was written. */
  public static LevelsOfSet read(DataInput in) throws IOException {
    return in.readBoolean()
        ? new LevelsOfSet(bytes(in), null)
        : new LevelsOfSet(null, readSets(in));
  }

  /** Writes sets of each level. */
  public static void write(List<AtLevel> sets, DataOutput out) throws IOException {
    out.writeInt(sets.size());
    for (AtLevel set : sets) {
      out.writeInt(set.level);
      out.writeInt(set.members.length);
      out.write(set.members);
    }
  }

  /** Reads such sets. */
  public static List<AtLevel> readSets(DataInput in) throws IOException {
    AtLevel[] sets = new AtLevel[in.readInt()];
    for (int i = 0; i < sets.length; i++) {
      int level = in.readInt();
      sets[i] = new AtLevel(level, bytes(in));
    }
    return Arrays.asList(sets);
  }

  private static byte[] bytes(DataInput in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }
}
