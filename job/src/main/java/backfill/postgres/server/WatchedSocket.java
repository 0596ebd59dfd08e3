package backfill.postgres.server;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;

/** A socket that knows since when its owner waits for the other end, and can be told to give up. */
final class WatchedSocket extends Socket {
  private static final long AT_WORK = 0;

  private volatile long readingSince = AT_WORK;
  private volatile long writingSince = AT_WORK;
  private volatile String givenUp;

  /** When the owner began to wait for the other end, by {@code nanoTime}; 0 while it does not. */
  long waitingSince() {
    long reading = readingSince;
    return reading == AT_WORK ? writingSince : reading;
  }

  /** Ends the wait: the owner gets an exception with this message. */
  void giveUp(String why) throws IOException {
    givenUp = why;
    close();
  }

  private IOException ended(IOException e) {
    String why = givenUp;
    if (why == null) {
      return e;
    }
    SocketException ended = new SocketException(why);
    ended.initCause(e);
    return ended;
  }

  /** Never the number that stands for no wait. */
  private static long now() {
    return System.nanoTime() | 1;
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return new FilterInputStream(super.getInputStream()) {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        readingSince = now();
        try {
          return in.read(bytes, from, length);
        } catch (IOException e) {
          throw ended(e);
        } finally {
          readingSince = AT_WORK;
        }
      }
    };
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return new FilterOutputStream(super.getOutputStream()) {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        writingSince = now();
        try {
          out.write(bytes, from, length);
        } catch (IOException e) {
          throw ended(e);
        } finally {
          writingSince = AT_WORK;
        }
      }
    };
  }
}
