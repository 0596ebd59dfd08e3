package backfill.postgres;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What preflight found: tables by schema and oid, resolved once for the whole run.
 *
 * @param readFrom the server that is read; {@code server} itself unless a replica is named
 * @param sources name to table, of the sources that the steps read which will run
 * @param targets step to target, of the steps that will run
 * @param skippedSteps those whose only-if is false; all of them where the plan's is
 * @param applies false where the plan's only-if is
 * @param now the server's time at the start of the run, in UTC with microseconds
 */
public record Ready(
    Server server,
    Server readFrom,
    Map<String, Table> sources,
    Map<String, Target> targets,
    Shapes shapes,
    List<String> warnings,
    Set<String> skippedSteps,
    boolean applies,
    String now) {}
