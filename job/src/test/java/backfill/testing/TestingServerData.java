package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a test's server keeps its data: in memory where the machine has a folder there with room,
 * else among the temporary files. A database is made of three hundred files, and ext4 passes over
 * every file deleted within seconds to make one: of what the server cost, that was two thirds.
 */
final class TestingServerData {
  private static final Path MEMORY = Path.of("/dev/shm");

  /** Two servers' logs may grow to 1 GB each, and some tests have servers of their own. */
  private static final long ROOM = 6L << 30;

  private TestingServerData() {}

  /** A new, empty directory, which its server's test removes. */
  static Path directory(String prefix) throws IOException {
    return isRoomy(MEMORY)
        ? Files.createTempDirectory(MEMORY, prefix)
        : Files.createTempDirectory(prefix);
  }

  private static boolean isRoomy(Path place) throws IOException {
    return Files.isDirectory(place)
        && Files.isWritable(place)
        && Files.getFileStore(place).getUsableSpace() >= ROOM;
  }
}
