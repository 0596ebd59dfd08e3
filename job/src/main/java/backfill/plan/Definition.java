package backfill.plan;

import java.util.List;

/** What a {@code ddl} step sees to. */
public sealed interface Definition {
  /** As the plan writes it. */
  String target();

  /**
   * @param object a relation, or {@code table.column}, that the statement makes
   */
  record Creates(String object, String statement) implements Definition {
    @Override
    public String target() {
      return object;
    }
  }

  /**
   * @param object a relation, or {@code table.column}, that the statement takes away
   */
  record Drops(String object, String statement) implements Definition {
    @Override
    public String target() {
      return object;
    }
  }

  /**
   * @param columns each {@code table.column}, that may hold no NULL from then on
   */
  record NotNull(List<String> columns) implements Definition {
    public NotNull {
      columns = List.copyOf(columns);
    }

    @Override
    public String target() {
      return String.join(", ", columns);
    }
  }

  /**
   * @param values that the type must have; those it lacks are appended in this order
   */
  record EnumValues(String type, List<String> values) implements Definition {
    public EnumValues {
      values = List.copyOf(values);
    }

    @Override
    public String target() {
      return type;
    }
  }
}
