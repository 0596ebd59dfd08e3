package backfill.report;

import backfill.plan.Amount;
import backfill.spark.step.GrantShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the grants of a step are like, for people: a few lines. */
public final class ShapeText {
  private ShapeText() {}

  /** In the order in which one asks. */
  public static List<String> lines(GrantShape shape) {
    List<String> lines = new ArrayList<>();
    if (shape.groups() != null) {
      groups(shape.groups(), lines);
    }
    objects(shape.objects(), lines);
    GrantShape.Given pairs = shape.pairs();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s: %,d direct, %,d more through groups, %,d more by nesting alone",
            Amount.of(pairs.all(), "pair"),
            pairs.direct(),
            pairs.through(),
            pairs.nested()));
    lines.add(
        "pairs of each source by itself, and of these those that no other gives: "
            + shape.sources().stream()
                .map(
                    each ->
                        String.format(
                            Locale.ROOT,
                            "%s (%s) %,d and %,d",
                            each.source(),
                            each.kind(),
                            each.alone(),
                            each.beyond()))
                .collect(Collectors.joining("; ")));
    lines.add(
        String.format(
            Locale.ROOT,
            "%s of direct grants and of grants to groups with each of their users%s",
            Amount.of(shape.ways(), "row"),
            pairs.all() == 0
                ? ""
                : String.format(
                    Locale.ROOT, ": %,.1f for each pair", (double) shape.ways() / pairs.all())));
    if (shape.closed() != null) {
      lines.add(
          String.format(
              Locale.ROOT,
              "beside the pairs, tables closed for member to group and group to object would have %s and %,d",
              Amount.of(shape.closed().memberToGroup(), "row"),
              shape.closed().groupToObject()));
    }
    return lines;
  }

  private static void groups(GrantShape.Groups groups, List<String> lines) {
    lines.add(
        "%s with %s%s"
            .formatted(
                Amount.of(groups.groups(), "group"),
                Amount.of(groups.memberships(), "membership"),
                nested(groups.nestings(), groups.cycles(), groups.depths(), "below")));
    if (!groups.largest().isEmpty()) {
      lines.add("largest of the granted groups, by users: " + largest(groups.largest()));
    }
  }

  private static void objects(GrantShape.Objects objects, List<String> lines) {
    lines.add(
        Amount.of(objects.objects(), "object")
            + nested(objects.nestings(), objects.cycles(), objects.depths(), "above"));
    if (!objects.largest().isEmpty()) {
      lines.add("largest objects, by users: " + largest(objects.largest()));
    }
  }

  private static String nested(
      long nestings, long cycles, List<GrantShape.Depth> depths, String where) {
    if (nestings == 0) {
      return "";
    }
    return ", %s, %s; by levels %s: %s"
        .formatted(
            Amount.of(nestings, "nesting"),
            cycles == 0 ? "no cycle" : Amount.of(cycles, "cycle"),
            where,
            depths.stream().map(ShapeText::keys).collect(Collectors.joining(", ")));
  }

  private static String keys(GrantShape.Depth depth) {
    return depth.from() == depth.to()
        ? String.format(Locale.ROOT, "%,d (%,d)", depth.from(), depth.keys())
        : String.format(Locale.ROOT, "%,d to %,d (%,d)", depth.from(), depth.to(), depth.keys());
  }

  private static String largest(List<GrantShape.Largest> largest) {
    return largest.stream()
        .map(each -> String.format(Locale.ROOT, "%s (%,d)", each.key(), each.users()))
        .collect(Collectors.joining(", "));
  }
}
