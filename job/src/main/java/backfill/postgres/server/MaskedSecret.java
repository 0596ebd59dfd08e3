package backfill.postgres.server;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * A secret that is read by none who does not ask for it: in memory, serialized and as a text it is
 * masked by random bytes that go with it. So a dump of what Spark sends to its executors, or of the
 * options that it keeps of a table, shows nothing; a program that has both parts has the secret.
 */
final class MaskedSecret implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String BETWEEN = ".";

  private final byte[] mask;
  private final byte[] masked;

  private MaskedSecret(byte[] mask, byte[] masked) {
    this.mask = mask;
    this.masked = masked;
  }

  /** Null of null. */
  static MaskedSecret of(String secret) {
    if (secret == null) {
      return null;
    }
    byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
    byte[] mask = new byte[bytes.length];
    RANDOM.nextBytes(mask);
    return new MaskedSecret(mask, xor(bytes, mask));
  }

  /** That of a {@link #text}. */
  static MaskedSecret ofText(String text) {
    String[] parts = text.split("[.]", -1);
    Base64.Decoder decoder = Base64.getDecoder();
    return new MaskedSecret(decoder.decode(parts[0]), decoder.decode(parts[1]));
  }

  /** What makes it again, and shows nothing of it. */
  String text() {
    Base64.Encoder encoder = Base64.getEncoder();
    return encoder.encodeToString(mask) + BETWEEN + encoder.encodeToString(masked);
  }

  /** The secret itself. */
  String secret() {
    return new String(xor(masked, mask), StandardCharsets.UTF_8);
  }

  private static byte[] xor(byte[] some, byte[] others) {
    byte[] result = new byte[some.length];
    for (int i = 0; i < some.length; i++) {
      result[i] = (byte) (some[i] ^ others[i]);
    }
    return result;
  }

  @Override
  public String toString() {
    return "…";
  }
}
