package backfill.membership;

import java.util.BitSet;

/**
 * What the components of a graph hold while it is closed by level, or the members of one by
 * themselves: how much memory that takes, each thing that several hold counted once, and what can
 * be let go since nothing needs it any more. Looked at by many threads at a time, changed by one.
 */
final class LevelHoldings {
  private final Components components;
  private final Holding[] ofComponents;
  private final Holding[] ofNumbers;
  private final int[] pending;
  private final BitSet wanted = new BitSet();
  private final BitSet wantedNumbers;
  private long bytes;

  /** What one of them has; several may hold the same. */
  static final class Holding {
    private final LevelMembers members;
    private long bytes;
    private int holders;

    Holding(LevelMembers members) {
      this.members = members;
      this.bytes = members.bytes();
    }

    LevelMembers members() {
      return members;
    }
  }

  /**
   * @param wantedNumbers whose members stay until the end
   */
  LevelHoldings(Components components, int numbers, BitSet wantedNumbers) {
    this.components = components;
    this.wantedNumbers = wantedNumbers;
    ofComponents = new Holding[components.count()];
    ofNumbers = new Holding[numbers];
    pending = new int[components.count()];
    wantedNumbers.stream().forEach(number -> wanted.set(components.of(number)));
  }

  /** The components of the wanted numbers. */
  BitSet wanted() {
    return wanted;
  }

  /** One more edge leads to it. */
  void isNeeded(int component) {
    pending[component]++;
  }

  /** What a number has; null for nothing. */
  Holding of(int number) {
    Holding own = ofNumbers[number];
    return own == null ? ofComponents[components.of(number)] : own;
  }

  /** A component has this, or nothing if it is null. */
  void hold(int component, Holding holding) {
    ofComponents[component] = counted(holding);
    if (holding != null && wanted.get(component)) {
      optimize(holding);
    }
  }

  /** A number has this by itself. */
  void holdOwn(int number, Holding holding) {
    ofNumbers[number] = counted(holding);
    if (wantedNumbers.get(number)) {
      optimize(holding);
    }
  }

  /** It is counted from here on, for one more that has it; null is nothing. */
  Holding counted(Holding holding) {
    if (holding != null && holding.holders++ == 0) {
      bytes += holding.bytes;
    }
    return holding;
  }

  /** What is held until the end gets small. */
  private void optimize(Holding holding) {
    if (holding.members.many() != null) {
      holding.members.many().runOptimize();
      bytes -= holding.bytes;
      holding.bytes = holding.members.bytes();
      bytes += holding.bytes;
    }
  }

  /** Whether nothing needs it but one more edge. */
  boolean isLastUse(int component, Holding has) {
    return pending[component] == 1
        && !wanted.get(component)
        && has.holders == 1
        && ofComponents[component] == has;
  }

  /** One edge less leads to it. */
  void letGo(int component) {
    if (--pending[component] > 0) {
      return;
    }
    for (int at = components.first(component); at < components.first(component + 1); at++) {
      int member = components.member(at);
      if (!wantedNumbers.get(member)) {
        letGo(ofNumbers[member]);
        ofNumbers[member] = null;
      }
    }
    if (!wanted.get(component)) {
      letGo(ofComponents[component]);
      ofComponents[component] = null;
    }
  }

  /** One less has it; null is nothing. */
  void letGo(Holding holding) {
    if (holding != null && --holding.holders == 0) {
      bytes -= holding.bytes;
    }
  }

  /** What all of it takes in memory. */
  long bytes() {
    return bytes;
  }
}
