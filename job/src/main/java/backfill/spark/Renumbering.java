package backfill.spark;

import backfill.membership.Sets;
import backfill.membership.UserIndex;
import java.util.Iterator;
import org.apache.spark.sql.Row;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/** Rows (object, set) as parts of another reading, whose users may have other numbers. */
final class Renumbering implements Iterator<Row> {
  private final Iterator<Row> rows;
  private final PartialSetRows.Kind kind;
  private final UserIndex before;
  private final UserIndex now;

  Renumbering(Iterator<Row> rows, PartialSetRows.Kind kind, UserIndex before, UserIndex now) {
    this.rows = rows;
    this.kind = kind;
    this.before = before;
    this.now = now;
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public Row next() {
    Row row = rows.next();
    byte[] members = row.getAs(1);
    if (!before.numbersLike(now)) {
      RoaringBitmap renumbered = new RoaringBitmap();
      PeekableIntIterator each = Sets.set(members).getIntIterator();
      while (each.hasNext()) {
        renumbered.add((int) now.of(before.key(each.next())));
      }
      members = Sets.bytes(renumbered);
    }
    return PartialSetRows.row(row.getLong(0), kind, members, 0);
  }
}
