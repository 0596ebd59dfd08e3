package backfill.testing;

/**
 * What a test draws its rows by: it is printed, and {@code -Dbackfill.seed=…} draws the same ones
 * again.
 */
public record TestingSeed(long number) {
  private static final int FRACTIONS = 1_000_000;

  /** A new one, or the one that is to be repeated. */
  public static TestingSeed any() {
    TestingSeed seed = new TestingSeed(TestingRandomGrants.anySeed());
    System.out.println("drawn by " + seed);
    return seed;
  }

  /** What the server's {@code setseed} takes for it. */
  public double fraction() {
    return Math.floorMod(number, FRACTIONS) / (double) FRACTIONS;
  }

  @Override
  public String toString() {
    return "-Dbackfill.seed=" + number;
  }
}
