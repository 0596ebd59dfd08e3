package backfill.postgres.preflight;

import backfill.postgres.catalog.Column;
import java.util.Optional;

/**
 * What a query or a view gives under one name.
 *
 * @param engine the engine's type, as its own SQL writes it: {@code decimal(38,18)}
 * @param origin the column of a source whose values these are, unchanged; empty for values that the
 *     query computes
 */
public record GivenType(String engine, Optional<Column> origin) {

  /** Values that the query computes. */
  static GivenType computed(String engine) {
    return new GivenType(engine, Optional.empty());
  }

  /** As people read it: the source's own type where values come from there unchanged. */
  @Override
  public String toString() {
    return origin.map(Column::type).orElse(engine);
  }
}
