package backfill.testing;

import java.util.Random;

/**
 * Where in a run something may happen to it, counted by what the run does rather than by a clock,
 * so that a busy machine moves none of them.
 *
 * @param sessions that it opens, from preflight to verify
 * @param batches that it writes
 */
public record TestingMoments(int sessions, long batches) {

  /** Follows an undisturbed run to its end. */
  public static TestingMoments of(TestingFaultScene there, TestingRunWatch run) throws Exception {
    return new TestingMoments(run.sessions(), there.batches());
  }

  /**
   * Returns a little after a moment by chance, or when the run is over: for even numbers behind a
   * session, which may be in any stage, for odd ones behind a batch.
   *
   * @return which moment
   */
  public String await(int number, Random random, TestingRunWatch run) throws Exception {
    String moment;
    if (number % 2 == 0 || batches == 0) {
      int session = 1 + random.nextInt(sessions);
      run.awaitSession(session);
      moment = "behind session " + session + " of " + sessions;
    } else {
      long batch = 1 + random.nextLong(batches);
      run.awaitBatches(batch);
      moment = "behind batch " + batch + " of " + batches;
    }
    Thread.sleep(random.nextInt(50));
    return moment;
  }
}
