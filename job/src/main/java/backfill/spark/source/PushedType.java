package backfill.spark.source;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.TableName;
import backfill.spark.query.SparkTime;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.spark.sql.connector.expressions.LiteralValue;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * How a column is compared with a value by the server exactly as Spark compares it: by operators of
 * the server's own, whatever others there are for its type.
 *
 * @param column as it stands in the condition
 * @param type to which the values are cast
 * @param spark of the values, as Spark has them; no other is taken
 * @param ordered whether its order is Spark's, too
 */
record PushedType(String column, String type, DataType spark, boolean ordered) {
  private static final Set<String> TEXTS = Set.of("text", "character varying");

  private static final Map<String, DataType> INTEGERS =
      Map.of(
          "smallint", DataTypes.ShortType,
          "integer", DataTypes.IntegerType,
          "bigint", DataTypes.LongType);

  /** As the server writes one; no other text can be equal to a uuid's. */
  private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  /** What every encoding of a server has, at the same bytes. */
  private static final Pattern ASCII = Pattern.compile("[\\x01-\\x7f]*");

  private static final int FIRST_DAY = (int) LocalDate.of(1, 1, 1).toEpochDay();
  private static final int LAST_DAY = (int) LocalDate.of(9999, 12, 31).toEpochDay();
  private static final long DAY_MICROS = 86_400_000_000L;

  /** That of a column; empty where Spark alone may compare its values. */
  static Optional<PushedType> of(Column column) {
    if (column.form() != Column.Form.NATURAL) {
      return Optional.empty();
    }
    String name = TableName.quote(column.name());
    String type = column.castType();
    return Optional.ofNullable(
        switch (ValueGroup.of(column)) {
          case INTEGER ->
              INTEGERS.containsKey(type)
                  ? new PushedType(name, "pg_catalog.int8", INTEGERS.get(type), true)
                  : null;
          case BOOLEAN -> new PushedType(name, "pg_catalog.bool", DataTypes.BooleanType, false);
          case UUID -> new PushedType(name, "pg_catalog.uuid", DataTypes.StringType, false);
          case TEXT ->
              TEXTS.contains(type)
                  ? new PushedType(name, "pg_catalog.text", DataTypes.StringType, false)
                  : null;
          case TIME ->
              switch (type) {
                case "date" -> new PushedType(name, "pg_catalog.date", DataTypes.DateType, true);
                case "timestamp with time zone" ->
                    new PushedType(name, "pg_catalog.timestamptz", DataTypes.TimestampType, true);
                default ->
                    new PushedType(name, "pg_catalog.timestamp", DataTypes.TimestampNTZType, true);
              };
          default -> null;
        });
  }

  /** A value as SQL; empty where it is none that the server has, or that both read alike. */
  Optional<String> literal(LiteralValue<?> literal) {
    if (literal.value() == null || !spark.equals(literal.dataType())) {
      return Optional.empty();
    }
    return text(literal.value()).map(text -> "'" + text.replace("'", "''") + "'::" + type);
  }

  private Optional<String> text(Object value) {
    String text = value.toString();
    if (type.endsWith("uuid")) {
      return UUID.matcher(text).matches() ? Optional.of(text) : Optional.empty();
    } else if (spark.equals(DataTypes.StringType)) {
      return ASCII.matcher(text).matches() ? Optional.of(text) : Optional.empty();
    } else if (spark.equals(DataTypes.DateType)) {
      int day = (Integer) value;
      return day < FIRST_DAY || day > LAST_DAY
          ? Optional.empty()
          : Optional.of(new SparkTime.Day(day).toString());
    } else if (type.contains("timestamp")) {
      long micros = (Long) value;
      return micros < FIRST_DAY * DAY_MICROS || micros >= (LAST_DAY + 1) * DAY_MICROS
          ? Optional.empty()
          : Optional.of(new SparkTime.Moment(micros, type.endsWith("tz")).toString());
    }
    return Optional.of(text);
  }
}
