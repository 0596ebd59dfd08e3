package backfill.spark.engine;

import java.util.Set;

/**
 * Decides which of Spark's SQL settings change no result and may come from outside: they decide
 * about speed and memory, when Spark gives up, and what is shown; or about files, catalogs, streams
 * and Python, of which a plan's queries have none.
 */
final class FreeSettings {
  /** A name with a dot at its end stands for all that begin with it. */
  private static final Set<String> NAMES =
      Set.of(
          "spark.sql.adaptive.",
          "spark.sql.artifact.",
          "spark.sql.autoBroadcastJoinThreshold",
          "spark.sql.avro.",
          "spark.sql.broadcastExchange.",
          "spark.sql.broadcastTimeout",
          "spark.sql.cartesianProductExec.",
          "spark.sql.catalog.",
          "spark.sql.catalogImplementation",
          "spark.sql.cbo.",
          "spark.sql.codegen.",
          "spark.sql.columnVector.",
          "spark.sql.connect.",
          "spark.sql.cteRecursionLevelLimit",
          "spark.sql.cteRecursionRowLimit",
          "spark.sql.debug.maxToStringFields",
          "spark.sql.event.",
          "spark.sql.execution.arrow.",
          "spark.sql.execution.pandas.",
          "spark.sql.execution.pyspark.",
          "spark.sql.execution.python.",
          "spark.sql.execution.pythonUDF.",
          "spark.sql.execution.pythonUDTF.",
          "spark.sql.execution.rangeExchange.",
          "spark.sql.extendedExplainProviders",
          "spark.sql.files.",
          "spark.sql.filesourceTableRelationCacheSize",
          "spark.sql.globalTempDatabase",
          "spark.sql.hive.",
          "spark.sql.inMemoryColumnarStorage.",
          "spark.sql.join.preferSortMergeJoin",
          "spark.sql.leafNodeDefaultParallelism",
          "spark.sql.maxBroadcastTableSize",
          "spark.sql.maxMetadataStringLength",
          "spark.sql.maxPlanStringLength",
          "spark.sql.maxSinglePartitionBytes",
          "spark.sql.metadataCacheTTLSeconds",
          "spark.sql.optimizer.dynamicPartitionPruning.",
          "spark.sql.optimizer.runtime.",
          "spark.sql.optimizer.runtimeFilter.",
          "spark.sql.orc.",
          "spark.sql.parquet.",
          "spark.sql.pipelines.",
          "spark.sql.planChangeLog.",
          "spark.sql.pyspark.",
          "spark.sql.queryExecutionListeners",
          "spark.sql.redaction.",
          "spark.sql.repl.",
          "spark.sql.resultQueryStage.",
          "spark.sql.sessionWindow.",
          "spark.sql.shuffle.partitions",
          "spark.sql.shuffleExchange.",
          "spark.sql.sortMergeJoinExec.",
          "spark.sql.sources.",
          "spark.sql.statistics.",
          "spark.sql.streaming.",
          "spark.sql.subquery.",
          "spark.sql.thriftserver.",
          "spark.sql.thriftServer.",
          "spark.sql.ui.",
          "spark.sql.warehouse.dir",
          "spark.sql.windowExec.");

  /** One that is among those of tables in files, and would take the job's connections from it. */
  private static final String CONNECTIONS = "spark.sql.sources.disabledJdbcConnProviderList";

  private FreeSettings() {}

  static boolean has(String key) {
    return !key.equals(CONNECTIONS) && NAMES.stream().anyMatch(name -> covers(name, key));
  }

  private static boolean covers(String name, String key) {
    return name.endsWith(".") ? key.startsWith(name) : key.equals(name);
  }
}
