package backfill.spark.diff;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;

/** Reads the rows of a diff, of which one is in memory at a time. */
final class RowReader implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> CELLS = List.of(DiffFormat.CSV.head().strip().split(","));

  private final String given;
  private final Iterator<Part> parts;
  private final FileSystem system;
  private BufferedReader part;
  private boolean csv;
  private long line;

  /** One file of it, to be opened when its turn comes. */
  @FunctionalInterface
  interface Part {
    BufferedReader open() throws IOException;
  }

  RowReader(String given, List<Part> parts, FileSystem system) {
    this.given = given;
    this.parts = parts.iterator();
    this.system = system;
  }

  /** The next row, or null. */
  ReadRow next() throws IOException {
    while (true) {
      if (part == null) {
        if (!parts.hasNext()) {
          return null;
        }
        part = parts.next().open();
      }
      String text = part.readLine();
      if (text == null) {
        part.close();
        part = null;
        continue;
      }
      line++;
      if (text.concat("\n").equals(DiffFormat.CSV.head())) {
        csv = true;
      } else if (!text.isBlank()) {
        return csv ? ofCells(cells(text)) : ofJson(text);
      }
    }
  }

  private ReadRow ofJson(String text) throws IOException {
    JsonNode row = json(text);
    if (!row.path("step").isTextual()
        || !row.path("event").isTextual()
        || !row.path("key").isObject()) {
      throw broken();
    }
    return new ReadRow(
        row.path("step").asText(),
        row.path("target").asText(),
        row.path("event").asText(),
        row.get("key"),
        row.get("after"),
        row.get("varying"));
  }

  private ReadRow ofCells(List<String> cells) throws IOException {
    if (cells.size() != CELLS.size()) {
      throw broken();
    }
    return new ReadRow(
        cells.get(0),
        cells.get(1),
        cells.get(2),
        json(cells.get(CELLS.indexOf("key"))),
        json(cells.get(CELLS.indexOf("after"))),
        json(cells.get(CELLS.indexOf("varying"))));
  }

  private JsonNode json(String text) throws IOException {
    try {
      return text.isEmpty() ? null : JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw broken();
    }
  }

  private IOException broken() {
    return new IOException(
        "line %d of %s is no row of a diff; write it anew".formatted(line, given));
  }

  /** A value in quotes may be of several lines; no name of a step or a table should, but may. */
  private List<String> cells(String first) throws IOException {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    String text = first;
    boolean quoted = false;
    while (true) {
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c == '"') {
          boolean doubled = quoted && i + 1 < text.length() && text.charAt(i + 1) == '"';
          if (doubled) {
            cell.append(c);
            i++;
          } else {
            quoted = !quoted;
          }
        } else if (c == ',' && !quoted) {
          cells.add(cell.toString());
          cell.setLength(0);
        } else {
          cell.append(c);
        }
      }
      if (!quoted) {
        cells.add(cell.toString());
        return cells;
      }
      text = part.readLine();
      if (text == null) {
        throw broken();
      }
      line++;
      cell.append('\n');
    }
  }

  @Override
  public void close() throws IOException {
    if (part != null) {
      part.close();
    }
    system.close();
  }
}
