package backfill.postgres.throttle;

import java.util.OptionalDouble;

/**
 * How far replicas are behind, in seconds, as the throttle's signal reads it.
 *
 * @param now empty where it is not known, or no replica is there
 * @param most at any time of the run
 */
public record ReplicaLag(OptionalDouble now, OptionalDouble most) {
  public static final ReplicaLag UNKNOWN =
      new ReplicaLag(OptionalDouble.empty(), OptionalDouble.empty());
}
