package backfill.bench;

import java.util.List;

/**
 * One way to do a plan's work: its processes, which follow each other on one copy of the data.
 *
 * @param absent why it cannot run on this machine; empty where it can
 */
record Way(String name, List<Turn> turns, String absent) {
  Way {
    turns = List.copyOf(turns);
  }
}
