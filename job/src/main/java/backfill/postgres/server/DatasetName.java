package backfill.postgres.server;

/**
 * A table by the name that OpenLineage gives it, the same for all that read or write it.
 *
 * @param namespace the server, as in {@code postgres://db.example.org:5432}
 * @param name database, schema and table, with dots between them
 * @see <a href="https://openlineage.io/docs/spec/naming/">OpenLineage's naming conventions</a>
 */
public record DatasetName(String namespace, String name) {

  /** Of several servers of one database the first that its URL names stands for all. */
  public static DatasetName of(Database where, TableName table) {
    String address = where.address();
    int slash = address.indexOf('/');
    return new DatasetName(
        "postgres://" + address.substring(0, slash).replaceFirst(",.*", ""),
        address.substring(slash + 1) + "." + table.schema() + "." + table.name());
  }
}
