package backfill.postgres.write;

import backfill.postgres.server.Parameters;
import java.io.Serializable;

/**
 * What a new row of pairs gets in a column that no pair fills.
 *
 * @param type what a text of it is cast to
 * @param text what each new row gets, as the server writes it; null for NULL
 * @param each the expression that the server is asked for each row, because it gives another value
 *     each time; else null
 */
public record SetColumn(String name, String type, String text, String each)
    implements Serializable {

  /** Whether every new row gets the same. */
  public boolean isSame() {
    return each == null;
  }

  /** What every new row gets, as SQL. */
  public String literal() {
    return (text == null ? "NULL" : Parameters.quote(text)) + "::" + type;
  }
}
