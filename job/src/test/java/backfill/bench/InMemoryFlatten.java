package backfill.bench;

import backfill.membership.GroupUsers;
import backfill.membership.ObjectUsers;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;

/**
 * Flattens scale S4 with the job's own sets and nothing else, on two threads, twice; prints what
 * {@link FlattenRound} says. A main class.
 */
final class InMemoryFlatten {
  private static final int THREADS = 2;

  private InMemoryFlatten() {}

  public static void main(String[] arguments) {
    for (int round = 1; round <= FlattenRound.ROUNDS; round++) {
      FlattenRound.print(InMemoryFlatten::pairs);
    }
  }

  /** What is counted is what the job would go on with: each product's set of users. */
  private static long pairs() {
    GroupUsers groups = new GroupUsers();
    for (int group = 0; group < InMemoryGrants.GROUPS; group++) {
      RoaringBitmap users = new RoaringBitmap();
      for (long user : InMemoryGrants.users(group)) {
        users.add((int) user);
      }
      groups.add(group, users);
    }
    return IntStream.range(0, THREADS)
        .mapToObj(thread -> CompletableFuture.supplyAsync(() -> pairs(groups, thread)))
        .toList()
        .stream()
        .mapToLong(CompletableFuture::join)
        .sum();
  }

  private static long pairs(GroupUsers groups, int thread) {
    ObjectUsers users = new ObjectUsers();
    long pairs = 0;
    for (int product = thread; product < InMemoryGrants.PRODUCTS; product += THREADS) {
      users.clear();
      for (int place = 0; place < InMemoryGrants.GROUPS_OF_A_PRODUCT; place++) {
        users.addThroughGroup(groups.users(groups.number(InMemoryGrants.group(product, place))));
      }
      pairs += users.justified().getLongCardinality();
    }
    return pairs;
  }
}
