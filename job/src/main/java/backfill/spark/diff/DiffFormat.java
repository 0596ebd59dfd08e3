package backfill.spark.diff;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.List;

/** How a row of a diff is written: a line of JSON, or a line of CSV with JSON in its cells. */
enum DiffFormat {
  JSON_LINES {
    @Override
    void write(DiffShape shape, RowChange change, StringBuilder line) {
      line.append("{\"step\":");
      quote(shape.step(), line);
      line.append(",\"target\":");
      quote(shape.target(), line);
      line.append(",\"event\":\"").append(change.event()).append("\",\"key\":");
      object(shape.key(), change.key(), line);
      if (change.reasons() != null) {
        line.append(",\"direct\":");
        array(change.reasons().direct(), line);
        line.append(",\"groups\":");
        array(change.reasons().groups(), line);
        line.append(",\"moreGroups\":").append(change.reasons().moreGroups());
        if (change.reasons().chain() != null) {
          chain(change.reasons().chain(), line.append(",\"chain\":"));
        }
      }
      if (change.before() != null) {
        line.append(",\"before\":");
        object(shape.before(), change.before(), line);
      }
      if (change.after() != null) {
        line.append(",\"after\":");
        object(shape.after(change.event()), change.after(), line);
      }
      List<String> varying = shape.varying(change.event());
      if (!varying.isEmpty()) {
        line.append(",\"varying\":");
        array(varying, line);
      }
      line.append("}\n");
    }
  },

  CSV {
    @Override
    String head() {
      return "step,target,event,key,direct,groups,moreGroups,chain,before,after,varying\n";
    }

    @Override
    void write(DiffShape shape, RowChange change, StringBuilder line) {
      RowChange.GivenBy reasons = change.reasons();
      StringBuilder cell = new StringBuilder();
      cell(new StringBuilder(shape.step()), line).append(',');
      cell(new StringBuilder(shape.target()), line).append(',');
      line.append(change.event()).append(',');
      cell(object(shape.key(), change.key(), cell), line).append(',');
      if (reasons != null) {
        cell(array(reasons.direct(), cleared(cell)), line);
      }
      line.append(',');
      if (reasons != null) {
        cell(array(reasons.groups(), cleared(cell)), line);
      }
      line.append(',');
      if (reasons != null) {
        line.append(reasons.moreGroups());
      }
      line.append(',');
      if (reasons != null && reasons.chain() != null) {
        cell(chain(reasons.chain(), cleared(cell)), line);
      }
      line.append(',');
      if (change.before() != null) {
        cell(object(shape.before(), change.before(), cleared(cell)), line);
      }
      line.append(',');
      if (change.after() != null) {
        cell(object(shape.after(change.event()), change.after(), cleared(cell)), line);
      }
      line.append(',');
      List<String> varying = shape.varying(change.event());
      if (!varying.isEmpty()) {
        cell(array(varying, cleared(cell)), line);
      }
      line.append('\n');
    }
  };

  /** What a file begins with. */
  String head() {
    return "";
  }

  /** Adds a row's line, its end included. */
  abstract void write(DiffShape shape, RowChange change, StringBuilder line);

  private static StringBuilder object(List<String> names, String[] values, StringBuilder json) {
    json.append('{');
    for (int i = 0; i < values.length; i++) {
      json.append(i == 0 ? "" : ",");
      quote(names.get(i), json);
      json.append(':');
      quote(values[i], json);
    }
    return json.append('}');
  }

  private static StringBuilder array(List<String> values, StringBuilder json) {
    json.append('[');
    for (int i = 0; i < values.size(); i++) {
      json.append(i == 0 ? "" : ",");
      quote(values.get(i), json);
    }
    return json.append(']');
  }

  private static StringBuilder chain(RowChange.Chain chain, StringBuilder json) {
    json.append('{');
    links("objects", chain.objects(), json);
    json.append(chain.objects() != null && chain.groups() != null ? "," : "");
    links("groups", chain.groups(), json);
    return json.append('}');
  }

  /** In one list; a number stands for so many keys that are left out. */
  private static void links(String name, RowChange.Links links, StringBuilder json) {
    if (links == null) {
      return;
    }
    array(links.first(), json.append('"').append(name).append("\":"));
    if (links.between() > 0) {
      json.setLength(json.length() - 1);
      json.append(',').append(links.between());
      for (String key : links.last()) {
        quote(key, json.append(','));
      }
      json.append(']');
    }
  }

  private static void quote(String value, StringBuilder json) {
    if (value == null) {
      json.append("null");
      return;
    }
    json.append('"');
    JsonStringEncoder.getInstance().quoteAsString(value, json);
    json.append('"');
  }

  private static StringBuilder cleared(StringBuilder text) {
    text.setLength(0);
    return text;
  }

  /** In quotes where it needs them. */
  private static StringBuilder cell(StringBuilder text, StringBuilder line) {
    boolean plain = true;
    for (int i = 0; i < text.length() && plain; i++) {
      char c = text.charAt(i);
      plain = c != '"' && c != ',' && c != '\n' && c != '\r';
    }
    if (plain) {
      return line.append(text);
    }
    line.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      line.append(c == '"' ? "\"\"" : String.valueOf(c));
    }
    return line.append('"');
  }
}
