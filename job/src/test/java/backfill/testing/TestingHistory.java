package backfill.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;

/**
 * What happened to one key of a target while a run and other transactions wrote it, and whether the
 * rules allow its end. The run sees source and target under one snapshot, and makes of both a goal;
 * then, once at most, it sets the key to it, if the key still is as the snapshot had it. Everything
 * else that the key went through must be what the other transactions did.
 *
 * @param name of the key, for messages
 * @param first what the target held at the beginning; empty for no row
 * @param target what others did to it, in their order
 * @param planned what the source gave the key at the beginning
 * @param source what others made of that, in their order
 * @param last what the target held at the end
 */
public record TestingHistory(
    String name,
    Optional<String> first,
    List<Event> target,
    Optional<String> planned,
    List<Event> source,
    Optional<String> last) {

  /**
   * One committed transaction of another session: it began not before, and ended not after.
   *
   * @param saw what it found
   * @param left what it left
   */
  public record Event(long from, long until, Optional<String> saw, Optional<String> left) {}

  /**
   * A run.
   *
   * @param from not before this moment it took its snapshot
   * @param until and not after this one
   * @param finished whether it says that it has done everything
   * @param goal what it makes of what the target holds and of what the source gives
   */
  public record Run(
      long from, long until, boolean finished, BinaryOperator<Optional<String>> goal) {}

  /** Why the end of the key cannot have come about by the rules; empty if it can. */
  public Optional<String> problem(Run run) {
    for (int seen : positions(target, run)) {
      for (int plan : positions(source, run)) {
        Optional<String> held = after(first, target, seen);
        Optional<String> goal = run.goal().apply(held, after(planned, source, plan));
        if (explains(run, seen, held, goal)) {
          return Optional.empty();
        }
      }
    }
    return Optional.of(
        "%s: held %s, planned %s; target %s; source %s; at the end %s"
            .formatted(name, first, planned, target, source, last));
  }

  /** After how many of these events the snapshot may have been taken. */
  private static List<Integer> positions(List<Event> events, Run run) {
    List<Integer> positions = new ArrayList<>();
    for (int i = 0; i <= events.size(); i++) {
      boolean allBefore = events.subList(0, i).stream().allMatch(e -> e.from() <= run.until());
      boolean allAfter =
          events.subList(i, events.size()).stream().allMatch(e -> e.until() >= run.from());
      if (allBefore && allAfter) {
        positions.add(i);
      }
    }
    return positions;
  }

  private static Optional<String> after(Optional<String> first, List<Event> events, int count) {
    return count == 0 ? first : events.get(count - 1).left();
  }

  private boolean explains(Run run, int seen, Optional<String> held, Optional<String> goal) {
    boolean mayLeave = goal.equals(held) || !run.finished();
    for (int i = seen; i <= target.size(); i++) {
      boolean asRead = after(first, target, i).equals(held);
      mayLeave |= !asRead;
      if (asRead && !goal.equals(held) && follows(i, goal)) {
        return true;
      }
    }
    return mayLeave && follows(target.size() + 1, goal);
  }

  /**
   * Whether each transaction saw what the one before it left, and the end is what the last one
   * left, if the run sets the key to its goal after so many of them.
   */
  private boolean follows(int written, Optional<String> goal) {
    Optional<String> now = first;
    for (int i = 0; i < target.size(); i++) {
      now = i == written ? goal : now;
      if (!target.get(i).saw().equals(now)) {
        return false;
      }
      now = target.get(i).left();
    }
    now = target.size() == written ? goal : now;
    return now.equals(last);
  }
}
