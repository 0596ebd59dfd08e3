package backfill.spark.pairs;

import static backfill.spark.read.KeySpace.GROUPS;
import static backfill.spark.read.KeySpace.OBJECTS;
import static backfill.spark.read.KeySpace.USERS;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.plan.level.LevelOrder;
import backfill.spark.query.PairColumnNames;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeySpace;
import backfill.spark.read.ReadPairs;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;

/**
 * What the sources of a step give, each as pairs, in the order of the plan.
 *
 * @param direct pairs (object, user)
 * @param through pairs (object, group)
 * @param members pairs (group, user)
 * @param nested pairs (parent, child) of groups
 * @param objects pairs (parent, child) of objects
 * @param leaves pairs (object, object)
 */
record GivenPairs<T>(
    List<T> direct,
    List<T> through,
    List<T> members,
    List<T> nested,
    List<T> objects,
    List<T> leaves) {

  /** As the sources have them, each key as the target would store it. */
  static GivenPairs<IdentifiedPairs> read(
      Step.Pairs step, StepKeyTypes types, KeptSources sources) {
    Reading by = new Reading(types, sources);
    return new GivenPairs<>(
        by.each(step.direct(), grant -> by.grant(grant, USERS)),
        by.each(step.through(), grant -> by.grant(grant, GROUPS)),
        by.each(step.members(), by::members),
        by.each(step.nested(), edges -> by.edges(edges, GROUPS)),
        by.each(step.objects(), edges -> by.edges(edges, OBJECTS)),
        by.each(
            step.leaves().stream().toList(),
            of ->
                by.read(
                    of.from(),
                    new PairColumnNames(of.object(), of.object()),
                    OBJECTS,
                    OBJECTS,
                    Optional.empty())));
  }

  private record Reading(StepKeyTypes types, KeptSources sources) {
    <S> List<IdentifiedPairs> each(List<S> given, Function<S, IdentifiedPairs> read) {
      return given.stream().map(read).toList();
    }

    IdentifiedPairs grant(GrantSources.Grant grant, KeySpace grantees) {
      return read(grant.from(), PairColumnNames.of(grant), OBJECTS, grantees, grant.level());
    }

    IdentifiedPairs members(GrantSources.Membership of) {
      return read(of.from(), PairColumnNames.of(of), GROUPS, USERS, of.level());
    }

    IdentifiedPairs edges(GrantSources.Nested edges, KeySpace space) {
      return read(edges.from(), PairColumnNames.of(edges), space, space, edges.level());
    }

    IdentifiedPairs read(
        String from,
        PairColumnNames columns,
        KeySpace keys,
        KeySpace members,
        Optional<LevelOrder.OfSource> level) {
      JavaRDD<ReadPairs> pairs =
          sources.pairs(from, columns, types.of(keys, members, columns.level() != null));
      return new IdentifiedPairs(
          from,
          ReadPairs.stored(pairs, types.stored(keys), types.stored(members)),
          keys,
          members,
          level.orElse(null));
    }
  }

  /** All of them. */
  Stream<T> all() {
    return Stream.of(direct, through, members, nested, objects, leaves).flatMap(List::stream);
  }

  /** The same, made into something else one by one. */
  <U> GivenPairs<U> map(Function<T, U> by) {
    return new GivenPairs<>(
        direct.stream().map(by).toList(),
        through.stream().map(by).toList(),
        members.stream().map(by).toList(),
        nested.stream().map(by).toList(),
        objects.stream().map(by).toList(),
        leaves.stream().map(by).toList());
  }
}
