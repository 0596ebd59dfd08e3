package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingOutcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds every notebook to how it is kept: parameters first, no outputs, nothing installed. */
class NotebookFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void everyNotebookIsKeptAsItShouldBe() {
    List<Path> notebooks = notebooks();

    assertThat(notebooks)
        .extracting(file -> file.getFileName().toString())
        .contains("before.ipynb", "review.ipynb", "audit.ipynb");
    for (Path notebook : notebooks) {
      assertThat(mistakes(read(notebook))).as(notebook.toString()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'cell_type':'code','source':['a = 1'],'outputs':[],'metadata':{'tags':['parameters']}} | ''
          {'cell_type':'markdown','source':['# A title']} | 'the first cell is not tagged parameters'
          {'cell_type':'code','source':['a = 1'],'outputs':[],'metadata':{}} | 'the first cell is not tagged parameters'
          {'cell_type':'code','source':['a'],'outputs':[{'text':'1'}],'metadata':{'tags':['parameters']}} | 'cell 1 has outputs'
          {'cell_type':'code','source':['a'],'outputs':[],'execution_count':3,'metadata':{'tags':['parameters']}} | 'cell 1 was executed'
          {'cell_type':'code','source':['%pip install x'],'outputs':[],'metadata':{'tags':['parameters']}} | 'cell 1 installs'
          """)
  void mistakeIsFound(String cell, String mistake) throws IOException {
    JsonNode notebook = JSON.readTree("{\"cells\":[" + cell.replace('\'', '"') + "]}");

    assertThat(mistakes(notebook)).isEqualTo(mistake.isEmpty() ? List.of() : List.of(mistake));
  }

  /** Nothing is fetched for it, and no database is asked. */
  @ParameterizedTest
  @ValueSource(strings = {"audti", "", "--form", "../notebooks/audit"})
  void nameThatIsNoNotebooksIsToldBeforeAnythingIsFetched(String name, @TempDir Path empty)
      throws Exception {
    Path script = empty.resolve("run");
    Files.copy(TestingCheckout.root().resolve("notebooks/run"), script);
    Files.createFile(empty.resolve("audit.ipynb"));
    Files.createFile(empty.resolve("before.ipynb"));

    assertThat(
            TestingOutcome.of(
                Duration.ofMinutes(1), new ProcessBuilder("bash", script.toString(), name)))
        .isEqualTo(
            new TestingOutcome(
                2,
                "",
                "notebooks/run: %s: expected one of audit, before\n"
                    .formatted(name.isEmpty() ? "no notebook" : name)));
    assertThat(empty.resolve("target")).doesNotExist();
  }

  private static List<String> mistakes(JsonNode notebook) {
    List<String> mistakes = new ArrayList<>();
    JsonNode cells = notebook.path("cells");
    if (!cells.path(0).at("/metadata/tags").toString().contains("\"parameters\"")) {
      mistakes.add("the first cell is not tagged parameters");
    }
    for (int i = 0; i < cells.size(); i++) {
      JsonNode cell = cells.get(i);
      String name = "cell " + (i + 1);
      if (!cell.path("outputs").isEmpty()) {
        mistakes.add(name + " has outputs");
      }
      if (cell.path("execution_count").isNumber()) {
        mistakes.add(name + " was executed");
      }
      if (cell.path("cell_type").asText().equals("code") && installs(cell.path("source"))) {
        mistakes.add(name + " installs");
      }
    }
    return mistakes;
  }

  private static boolean installs(JsonNode source) {
    return source.toString().matches(".*\\b(pip|conda|apt|apt-get) install.*");
  }

  private static List<Path> notebooks() {
    try (Stream<Path> files = Files.list(TestingCheckout.root().resolve("notebooks"))) {
      return files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode read(Path notebook) {
    try {
      return JSON.readTree(notebook.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
