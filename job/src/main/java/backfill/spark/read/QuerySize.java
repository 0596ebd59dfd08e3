package backfill.spark.read;

import org.apache.spark.sql.SparkSession;

/**
 * What follows for Spark from the size of the tables that queries read.
 *
 * @param blocks of all of them, as the server keeps them
 */
record QuerySize(long blocks) {
  private static final String SHUFFLE_PARTITIONS = "spark.sql.shuffle.partitions";

  /** Below this, 16 MiB, a query's rows are few. */
  private static final long FEW_BLOCKS = 2048;

  /** Below this, 4 MiB, each table is read by one task. */
  private static final long BLOCKS_OF_ONE_TASK = 512;

  private static final long FEW_ROWS = 50_000;

  /** 32 MiB. */
  private static final long BLOCKS_EACH = 4096;

  private static final long ROWS_EACH = 500_000;
  private static final int MOST_PARTITIONS = 1000;

  /**
   * A session with what fits that size, unless someone says. Spark's 200 shuffle partitions are 200
   * tasks, of a few rows each here: two for each core. And a query over few rows is over before
   * classes of its own are compiled for it, or its plan is looked at again after each of its
   * stages.
   */
  SparkSession fitted(SparkSession session) {
    int cores = session.sparkContext().defaultParallelism();
    unlessSaid(session, SHUFFLE_PARTITIONS, Integer.toString(2 * cores));
    if (isSmall()) {
      unlessSaid(session, "spark.sql.codegen.wholeStage", "false");
      unlessSaid(session, "spark.sql.codegen.factoryMode", "NO_CODEGEN");
      unlessSaid(session, "spark.sql.adaptive.enabled", "false");
    }
    return session;
  }

  /** Whether each table is in one partition as it is read, and what is made of them is no more. */
  boolean isOneTask() {
    return blocks < BLOCKS_OF_ONE_TASK;
  }

  /** Whether it is over sooner than anything that would be compiled for it. */
  boolean isSmall() {
    return blocks < FEW_BLOCKS;
  }

  private static void unlessSaid(SparkSession session, String key, String value) {
    if (!session.sparkContext().getConf().contains(key)) {
      session.conf().set(key, value);
    }
  }

  /**
   * In how many partitions the rows of a query are to be by key: in one where they are few, or
   * moving them would take longer than what is done with them; else in such that a task can sort
   * its own in memory.
   *
   * @param others rows that they are put beside
   */
  int partitions(SparkSession session, long others) {
    if (isSmall() && others < FEW_ROWS) {
      return 1;
    }
    long some = Math.max(blocks / BLOCKS_EACH, others / ROWS_EACH);
    int least = Integer.parseInt(session.conf().get(SHUFFLE_PARTITIONS));
    return (int) Math.min(MOST_PARTITIONS, Math.max(least, some));
  }
}
