package backfill.run;

import backfill.plan.Settings;
import backfill.postgres.server.Database;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import backfill.postgres.undo.Undo;
import backfill.postgres.write.DeadRows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an undo leaves to clear away: each row that was deleted or set back left one that is dead.
 */
record UndoneDeadRows(Database database, String applicationName, Settings settings) {

  /**
   * What is to be said of it, a sentence each.
   *
   * @param lasted how long the undo took
   */
  List<String> sentences(List<Undo.Done> done, Duration lasted) {
    Map<TableName, Long> changed = new LinkedHashMap<>();
    done.stream()
        .filter(write -> write.event() != RowEvent.DELETE && write.counts().takenBack() > 0)
        .forEach(write -> changed.merge(write.target(), write.counts().takenBack(), Long::sum));
    List<String> sentences = new ArrayList<>();
    changed.forEach((table, rows) -> sentences.addAll(sentence(table, rows, lasted)));
    return sentences;
  }

  private List<String> sentence(TableName table, long rows, Duration lasted) {
    try {
      DeadRows dead = DeadRows.in(database, applicationName, settings, table, rows, lasted);
      return dead.isVacuumDue() ? List.of(dead.sentence()) : List.of();
    } catch (IllegalStateException e) {
      return List.of(e.getMessage());
    }
  }
}
