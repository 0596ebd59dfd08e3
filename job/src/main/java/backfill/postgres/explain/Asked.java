package backfill.postgres.explain;

/**
 * What is asked: why a user may see an object, what a user may see, or who may see an object.
 *
 * @param object its key as given, or null for all objects of the user
 * @param user the user's key as given, or null for all users of the object
 * @param limit how many ways, groups and rows of one kind are listed, at most
 */
public record Asked(String object, String user, int limit) {
  public Asked {
    if (object == null && user == null) {
      throw new IllegalArgumentException("an object, a user or both, got neither");
    }
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, got " + limit);
    }
  }

  /** Whether it is one pair. */
  boolean pair() {
    return object != null && user != null;
  }
}
