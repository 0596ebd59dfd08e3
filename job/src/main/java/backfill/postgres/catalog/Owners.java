package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;

/** Whether what a step changes is ours: only an owner, or a member of it, changes a definition. */
public final class Owners {
  /** A change of a table is one of its partitions and inheritors, too. */
  private static final String OWNERS =
      CatalogSql.treeWithDepth("?::pg_catalog.oid")
          + """
      SELECT DISTINCT ON (c.relowner) n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
             pg_catalog.pg_has_role(c.relowner, 'USAGE') AS ours
      FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE depth = 0 OR ?::pg_catalog.bool
      ORDER BY c.relowner, depth, c.relname""";

  private final Inquiry inquiry;
  private final String user;
  private final Findings findings;

  public Owners(Inquiry inquiry, String user, Findings findings) {
    this.inquiry = inquiry;
    this.user = user;
    this.findings = findings;
  }

  /**
   * @param withParts whether its partitions and inheritors change with it
   */
  public void ofTable(String place, Table table, boolean withParts) throws SQLException {
    inquiry
        .rows(
            OWNERS,
            row ->
                List.<Object>of(
                    "table " + new TableName(row.getString(1), row.getString(2)),
                    row.getString("owner"),
                    row.getBoolean("ours")),
            table.oid(),
            String.valueOf(withParts))
        .forEach(
            owner ->
                owned(
                    place,
                    owner.get(0).toString(),
                    owner.get(1).toString(),
                    (Boolean) owner.get(2)));
  }

  public void ofType(String place, String type) throws SQLException {
    inquiry
        .rows(
            "SELECT pg_catalog.pg_get_userbyid(t.typowner), pg_catalog.pg_has_role(t.typowner, 'USAGE')"
                + " FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.to_regtype(?)",
            row -> List.<Object>of(row.getString(1), row.getBoolean(2)),
            type)
        .forEach(
            owner -> owned(place, "type " + type, owner.get(0).toString(), (Boolean) owner.get(1)));
  }

  /** No role is a member of itself. */
  private void owned(String place, String what, String owner, boolean ours) {
    if (owner.equals(user)) {
      findings
          .leastRole()
          .note(what + " is " + user + "'s own, as the role that runs the plan must be");
      return;
    }
    String grant = "GRANT " + TableName.quote(owner);
    findings.leastRole().right(grant);
    if (!ours) {
      findings.lackToWrite(
          place,
          "%s belongs to %s, and only its owner may change it; %s TO %s"
              .formatted(what, owner, grant, TableName.quote(user)));
    }
  }
}
