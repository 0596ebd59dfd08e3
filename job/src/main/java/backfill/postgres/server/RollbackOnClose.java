package backfill.postgres.server;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A connection that ends the transaction it is in before it closes: a pooler would end the session
 * of a client that leaves in one, and a server would keep its locks until it hears of the end.
 */
final class RollbackOnClose implements InvocationHandler {
  private final Connection connection;

  private RollbackOnClose(Connection connection) {
    this.connection = connection;
  }

  static Connection of(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            RollbackOnClose.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            new RollbackOnClose(connection));
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    switch (method.getName()) {
      case "equals":
        return proxy == arguments[0];
      case "close":
        rollBack();
        break;
      default:
    }
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private void rollBack() {
    try {
      if (!connection.isClosed()) {
        // Also of one that SQL has begun; the driver sends nothing where there is none.
        connection.setAutoCommit(false);
        connection.rollback();
      }
    } catch (SQLException e) {
      // It is gone, and its transaction with it.
    }
  }
}
