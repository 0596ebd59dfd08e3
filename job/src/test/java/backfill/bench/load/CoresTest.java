package backfill.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that cannot keep server and job apart says so, and goes on without. */
class CoresTest {
  @TempDir Path directory;

  @Test
  void oneProcessorOrNoTasksetIsSaidAndNothingIsPinned() throws Exception {
    Cores one = Cores.of(1, directory.toString());
    Cores without = Cores.of(2, directory.toString());

    assertThat(one.absent()).isEqualTo("nothing is pinned: this machine has one processor");
    assertThat(without.absent()).isEqualTo("nothing is pinned: this machine has no taskset");
    assertThat(without.behindApplication(List.of("job", "run"))).containsExactly("job", "run");
    assertThatCode(() -> without.move(0)).doesNotThrowAnyException();
  }

  @Test
  void jobRunsBehindTheApplicationOnTheSecondProcessor() throws Exception {
    Path taskset = Files.createFile(directory.resolve("taskset"));
    assertThat(taskset.toFile().setExecutable(true)).isTrue();

    assertThat(Cores.of(2, directory.toString()).behindApplication(List.of("job", "run")))
        .containsExactly("taskset", "-c", "1", "nice", "-n", "5", "job", "run");
  }
}
