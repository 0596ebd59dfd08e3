package backfill.spark.sink;

import backfill.plan.InvalidPlanException;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.ledger.WriteMode;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.write.TooManyRejectedException;
import backfill.spark.engine.SparkFailure;
import backfill.spark.query.Cells;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * One write of anybody's DataFrame, from its options to its counts. Whatever comes of it that is
 * ours to say is one {@link SinkException}; what fails in the DataFrame itself is Spark's to say.
 */
final class SinkLoad {
  private static final Logger LOG = LogManager.getLogger(SinkLoad.class);

  private SinkLoad() {}

  /** Refuses what no table could take. */
  static void refuseUnwritable(StructType rows, Transform[] partitioning) {
    if (partitioning.length > 0) {
      throw new SinkException(
          "format \"backfill\" writes into a table as it is partitioned; leave out partitionBy");
    }
    String reasons =
        Arrays.stream(rows.fields())
            .filter(field -> !SinkTypes.isWritable(field.dataType()))
            .map(SinkLoad::unwritable)
            .collect(Collectors.joining("\n"));
    if (!reasons.isEmpty()) {
      throw new SinkException(reasons);
    }
  }

  private static String unwritable(StructField field) {
    return "column "
        + field.name()
        + " has Spark's type "
        + field.dataType().simpleString()
        + ", which format \"backfill\" cannot write; cast it to a string that PostgreSQL reads";
  }

  /** Adds the rows, or says why not. */
  static void run(SaveMode mode, CaseInsensitiveStringMap options, Dataset<Row> rows) {
    try {
      refuse(mode);
      SinkOptions settings = SinkOptions.of(options);
      SinkConfig config = settings.target(rows.schema(), StreamLoad.query(rows.sparkSession()));
      if (config.stream() == null) {
        write(settings, config, rows);
      } else {
        StreamLoad.run(settings, config, rows);
      }
    } catch (InvalidPlanException e) {
      throw new SinkException(
          "option url is not given, and the environment does not say where to write: "
              + e.getMessage(),
          e);
    } catch (NotReadyException e) {
      throw new SinkException(e.getMessage(), e);
    } catch (SinkException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new SinkException(e.getMessage(), e);
    }
  }

  private static void write(SinkOptions settings, SinkConfig config, Dataset<Row> rows) {
    Sink sink = new Sink(config);
    Optional<Exception> failure = write(sink, rows);
    SinkOutcome outcome = sink.outcome();
    WriteMode mode = settings.matching().mode();
    settings
        .counts()
        .ifPresent(
            view ->
                SinkCounts.publish(
                    rows.sparkSession(),
                    view,
                    outcome.counts(mode),
                    outcome.counts().exact(),
                    outcome.counts().rejections()));
    refuse(sink, settings);
    if (failure.isPresent()) {
      throw inOurWords(failure.get(), config);
    }
    say(config, mode, outcome);
  }

  private static void refuse(SaveMode mode) {
    if (mode == SaveMode.Overwrite) {
      throw new SinkException(
          "format \"backfill\" never removes a row, so mode overwrite is refused; use mode append");
    } else if (mode == SaveMode.Ignore) {
      throw new SinkException(
          "format \"backfill\" writes into a table that is there, which mode ignore would leave as it is; use mode"
              + " append");
    }
  }

  static Optional<Exception> write(Sink sink, Dataset<Row> rows) {
    try {
      sink.append(byPlace(rows));
      return Optional.empty();
    } catch (Exception e) {
      // Where a writer stopped, the others were ended, and that is no failure of its own.
      return Optional.of(e);
    }
  }

  /**
   * The columns by place, because Spark takes names that differ in case for one; and texts of no
   * collation, which are equal only where they are the same.
   */
  private static Dataset<Row> byPlace(Dataset<Row> rows) {
    StructField[] fields = rows.schema().fields();
    String[] places =
        IntStream.range(0, fields.length).mapToObj(i -> "c" + i).toArray(String[]::new);
    Column[] plain =
        IntStream.range(0, fields.length)
            .mapToObj(
                i ->
                    Cells.cell(places[i])
                        .cast(plain(fields[i].dataType()))
                        .as(places[i], fields[i].metadata()))
            .toArray(Column[]::new);
    return rows.toDF(places).select(plain);
  }

  private static DataType plain(DataType type) {
    if (type instanceof StringType) {
      return DataTypes.StringType;
    }
    return type instanceof ArrayType array && array.elementType() instanceof StringType
        ? new ArrayType(DataTypes.StringType, array.containsNull())
        : type;
  }

  /** Throws if a writer stopped, or too many rows were rejected by all of them together. */
  static void refuse(Sink sink, SinkOptions settings) {
    SinkOutcome outcome = sink.outcome();
    WriteCounts counts = outcome.counts();
    try {
      TooManyRejectedException.check(
          SinkOptions.LIMIT,
          counts.rejectedForTheData(),
          settings.rejectedRows(),
          counts.rejections());
    } catch (TooManyRejectedException e) {
      throw new SinkException(sink.config().target().table() + ": " + e.getMessage(), e);
    }
    outcome
        .stopped()
        .ifPresent(
            reason -> {
              throw new SinkException(reason + stayed(sink.config(), counts));
            });
    if (settings.writing().distribution() == SinkConfig.Distribution.NONE) {
      outcome
          .overlap()
          .ifPresent(
              reason -> {
                throw new SinkException(reason);
              });
    }
  }

  /** A mode that fails must say what is in the table all the same. */
  private static String stayed(SinkConfig config, WriteCounts counts) {
    if (config.target().conflict().mode() != WriteMode.ERROR || config.stream() != null) {
      return "";
    }
    return "; option mode is error: nothing of this batch was written, and %s%d rows of other batches of this write are in the table"
        .formatted(counts.exact() ? "" : "at least ", counts.changed());
  }

  static RuntimeException inOurWords(Exception failure, SinkConfig config) {
    if (SqlFailure.in(failure).isPresent()) {
      return new SinkException(
          "cannot write to "
              + config.target().table()
              + " at "
              + config.target().database()
              + ": "
              + SqlFailure.message(failure),
          failure);
    }
    return SparkFailure.<RuntimeException>unchecked(failure);
  }

  private static void say(SinkConfig config, WriteMode mode, SinkOutcome outcome) {
    WriteCounts counts = outcome.counts();
    LOG.info(
        "{}: {}; {} batches tried again",
        config.target().table(),
        outcome.counts(mode),
        counts.retries());
    if (counts.rejected() > 0) {
      LOG.warn(
          "{}: {} rows were rejected; the first one, {}",
          config.target().table(),
          counts.rejected(),
          counts.rejections().get(0));
    }
  }
}
