package backfill.spark.pairs;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.write.Target;
import backfill.spark.read.KeptSources;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A table of pairs that an earlier step makes, as the sources have its keys: what is counted before
 * it is there must know of which types they are. Where all sources are views, Spark tells.
 */
final class TargetToCome {
  private static final String WIDEST = "bigint";

  private final KeptSources sources;

  /** A column of a source or of a view. */
  private record Named(String from, String column) {}

  private TargetToCome(KeptSources sources) {
    this.sources = sources;
  }

  /** The target itself where it is there. */
  static Target typed(Target target, Step.Pairs step, KeptSources sources) {
    if (!target.table().isPending()) {
      return target;
    }
    List<Named> objects = new ArrayList<>();
    List<Named> users = new ArrayList<>();
    for (GrantSources.Grant grant : step.direct()) {
      objects.add(new Named(grant.from(), grant.object()));
      users.add(new Named(grant.from(), grant.grantee()));
    }
    step.through().forEach(grant -> objects.add(new Named(grant.from(), grant.object())));
    step.objects().forEach(edges -> objects.add(new Named(edges.from(), edges.child())));
    step.members().forEach(member -> users.add(new Named(member.from(), member.user())));
    TargetToCome types = new TargetToCome(sources);
    return Target.pending(
        target
            .table()
            .showing(
                List.of(
                    types.column(step.into().object(), objects),
                    types.column(step.into().user(), users))),
        step.key());
  }

  private Column column(String name, List<Named> named) {
    KeyType key = type(named);
    String type = key == KeyType.INTEGER ? WIDEST : key.element();
    return new Column(
        name,
        new Column.Type(type, type, type, 'b', true, Optional.empty(), Optional.empty()),
        true,
        Column.Filling.NONE,
        Column.Form.NATURAL);
  }

  private KeyType type(List<Named> named) {
    return named.stream()
        .flatMap(each -> sources.keyType(each.from(), each.column()).stream())
        .findFirst()
        .orElseGet(
            () ->
                named.stream().anyMatch(each -> sources.hasTexts(each.from(), each.column()))
                    ? KeyType.TEXT
                    : KeyType.INTEGER);
  }
}
