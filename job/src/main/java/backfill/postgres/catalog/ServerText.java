package backfill.postgres.catalog;

import java.math.BigDecimal;

/**
 * A value that is sent to the server, written as the server writes it: a person who looks for the
 * row finds it by this text.
 *
 * @see <a href="https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-FLOAT">how
 *     it writes fractions</a>
 */
public final class ServerText {
  private static final int FLOAT_DIGITS = 6;
  private static final int DOUBLE_DIGITS = 15;
  private static final int SMALLEST_PLAIN_EXPONENT = -4;

  private ServerText() {}

  /** Null for null. */
  public static String of(String type, Object value) {
    if (value == null) {
      return null;
    }
    return switch (type) {
      case "real" -> fraction(value.toString(), FLOAT_DIGITS);
      case "double precision" -> fraction(value.toString(), DOUBLE_DIGITS);
      default -> value.toString();
    };
  }

  private static String fraction(String written, int plainDigits) {
    char last = written.charAt(written.length() - 1);
    if (!Character.isDigit(last)) { // NaN and the infinities
      return written;
    }
    BigDecimal value = new BigDecimal(written).stripTrailingZeros();
    String sign = written.startsWith("-") ? "-" : "";
    if (value.signum() == 0) {
      return sign + "0";
    }
    int exponent = value.precision() - value.scale() - 1;
    if (exponent >= SMALLEST_PLAIN_EXPONENT && exponent < plainDigits) {
      return value.toPlainString();
    }
    String digits = value.unscaledValue().abs().toString();
    return sign
        + digits.charAt(0)
        + (digits.length() == 1 ? "" : "." + digits.substring(1))
        + "e%+03d".formatted(exponent);
  }
}
