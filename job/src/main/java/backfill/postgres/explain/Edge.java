package backfill.postgres.explain;

import backfill.plan.level.LevelOrder;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One of a step's sources as pairs: what it has on its left is an object, or a group in a source of
 * members; on its right is a user, or a group in a source of grants to groups. A source of nested
 * groups or objects has the parent on its left and the child on its right.
 *
 * @param level of each row; null where there is none
 */
record Edge(Relation relation, Stored left, Stored right, LevelOrder.OfSource level) {

  /** Without a level. */
  Edge(Relation relation, Stored left, Stored right) {
    this(relation, left, right, null);
  }

  /** Where a step's pairs come from. */
  record OfStep(
      List<Edge> direct,
      List<Edge> through,
      List<Edge> members,
      List<Edge> nested,
      List<Edge> objects,
      Optional<Edge> leaves) {
    OfStep {
      direct = List.copyOf(direct);
      through = List.copyOf(through);
      members = List.copyOf(members);
      nested = List.copyOf(nested);
      objects = List.copyOf(objects);
    }
  }

  /** The columns of both. */
  List<String> ends() {
    return Stream.concat(left.names().stream(), right.names().stream()).distinct().toList();
  }

  /** Both ends the other way round. */
  Edge reversed() {
    return new Edge(relation, right, left, level);
  }
}
