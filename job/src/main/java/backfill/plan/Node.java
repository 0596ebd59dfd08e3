package backfill.plan;

import backfill.plan.level.LevelParser;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * One object of a plan. It remembers which keys were asked for, so that {@link #done} can name
 * those that are not known, and collects problems instead of throwing.
 */
final class Node implements LevelParser.Block {
  /** Names of a plan, a step and a check: they become part of labels and of file names. */
  static final Pattern NAME = Pattern.compile("[a-z0-9-]+");

  static final String NAME_EXPECTED = "must be small letters, digits and hyphens, got ";

  /** Names of sources, views and params: an identifier of both SQLs without quotes. */
  static final Pattern IDENTIFIER = Pattern.compile("[a-z_][a-z0-9_]*");

  static final String IDENTIFIER_EXPECTED =
      " must be small letters, digits and underscores, and not begin with a digit";

  private final ConfigObject object;
  private final String owner;
  private final String prefix;
  private final FoundProblems problems;
  private final Set<String> asked = new LinkedHashSet<>();

  /**
   * @param owner whose object it is, for messages: {@code the plan}, {@code step NAME}
   * @param prefix what stands before a key in messages: nothing, or {@code into.}
   */
  Node(ConfigObject object, String owner, String prefix, FoundProblems problems) {
    this.object = object;
    this.owner = owner;
    this.prefix = prefix;
    this.problems = problems;
  }

  /**
   * The same object, with messages of its own: {@code step 3} until its name is known, then {@code
   * step NAME}.
   */
  Node ownedBy(String name) {
    Node named = new Node(object, name, "", problems);
    named.asked.addAll(asked);
    return named;
  }

  @Override
  public String owner() {
    return owner;
  }

  FoundProblems problems() {
    return problems;
  }

  /** Every key, in the order of the file's lines, and by name within a line. */
  List<String> keys() {
    List<String> keys = new ArrayList<>(object.keySet());
    keys.sort(
        Comparator.comparingInt((String key) -> object.get(key).origin().lineNumber())
            .thenComparing(Comparator.naturalOrder()));
    asked.addAll(keys);
    return keys;
  }

  @Override
  public Optional<ConfigValue> value(String key) {
    asked.add(key);
    return Optional.ofNullable(object.get(key));
  }

  Optional<String> text(String key) {
    return typed(key, ConfigValueType.STRING, "text")
        .map(value -> (String) value.unwrapped())
        .filter(text -> !text.isBlank() || refuse(key, "must not be empty"));
  }

  Optional<String> requiredText(String key) {
    return required(key) ? text(key) : Optional.empty();
  }

  /** True or false; false where the key is absent. */
  boolean flag(String key) {
    return value(key)
        .filter(
            value ->
                value.valueType() == ConfigValueType.BOOLEAN
                    || isFlag(value)
                    || refuse(key, "must be true or false, got " + describe(value)))
        .filter(value -> Boolean.parseBoolean(String.valueOf(value.unwrapped())))
        .isPresent();
  }

  /** On or off; empty where the key is absent. */
  Optional<Boolean> switchedOn(String key) {
    return value(key)
        .map(value -> String.valueOf(value.unwrapped()))
        .filter(
            word ->
                word.matches("on|off|true|false")
                    || refuse(key, "must be on or off, got " + describe(value(key).orElseThrow())))
        .map(word -> word.matches("on|true"));
  }

  /** On a command line every value is a text. */
  private static boolean isFlag(ConfigValue value) {
    return value.unwrapped() instanceof String text && text.matches("true|false");
  }

  /** One of these words; the first where the key is absent or says none of them. */
  String word(String key, String... words) {
    List<String> known = List.of(words);
    return typed(key, ConfigValueType.STRING, String.join(" or ", known))
        .map(value -> (String) value.unwrapped())
        .filter(
            word ->
                known.contains(word)
                    || refuse(
                        key, "must be " + String.join(" or ", known) + ", got " + named(word)))
        .orElse(known.get(0));
  }

  /** A block of name to text, in the order of the file's lines; empty where the key is absent. */
  Map<String, String> namedTexts(String key) {
    Map<String, String> texts = new LinkedHashMap<>();
    object(key)
        .ifPresent(
            block ->
                block.keys().forEach(name -> block.text(name).ifPresent(t -> texts.put(name, t))));
    return texts;
  }

  Optional<Node> object(String key) {
    return typed(key, ConfigValueType.OBJECT, "a block in braces")
        .map(value -> new Node((ConfigObject) value, owner, prefix + key + ".", problems));
  }

  Optional<Node> requiredObject(String key) {
    return required(key) ? object(key) : Optional.empty();
  }

  /** The objects of a list; no element where the key is absent. */
  List<Node> objects(String key) {
    List<Node> nodes = new ArrayList<>();
    for (ConfigValue element : list(key)) {
      if (element instanceof ConfigObject each) {
        nodes.add(new Node(each, owner, prefix + key + ".", problems));
      } else {
        problems.at(
            element.origin(), shown(key) + " must hold blocks in braces, got " + describe(element));
      }
    }
    return nodes;
  }

  /** The texts of a list that must be there and must not be empty. */
  List<String> requiredTexts(String key) {
    return required(key) ? texts(key) : List.of();
  }

  /** The texts of a list, which must not be empty; none where the key is absent. */
  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    Optional<ConfigValue> list = typed(key, ConfigValueType.LIST, "a list, as in [id]");
    for (ConfigValue element :
        list.isPresent() ? (ConfigList) list.get() : List.<ConfigValue>of()) {
      if (!(element.unwrapped() instanceof String text) || text.isBlank()) {
        problems.at(element.origin(), shown(key) + " must hold names, got " + describe(element));
      } else if (texts.contains(text)) {
        problems.at(element.origin(), shown(key) + " names " + text + " twice");
      } else {
        texts.add(text);
      }
    }
    if (list.filter(value -> ((ConfigList) value).isEmpty()).isPresent()) {
      refuse(key, "must not be empty");
    }
    return texts;
  }

  /** The names or numbers of a list, as texts; none where the key is absent. */
  List<String> keysOf(String key) {
    List<String> keys = new ArrayList<>();
    for (ConfigValue element : list(key)) {
      if (element.unwrapped() instanceof String || element.unwrapped() instanceof Number) {
        keys.add(String.valueOf(element.unwrapped()));
      } else {
        problems.at(
            element.origin(), shown(key) + " must hold names or numbers, got " + describe(element));
      }
    }
    return keys;
  }

  /** Whether the key is there; a problem at this object's line where it is not. */
  boolean required(String key) {
    asked.add(key);
    if (!object.containsKey(key)) {
      problem(prefix + key + " is missing in " + owner);
      return false;
    }
    return true;
  }

  /** At this object's line. */
  @Override
  public void problem(String message) {
    problems.at(line(object.origin()), message);
  }

  /** At the key's line; the message goes on after the key's name. */
  @Override
  public void problem(String key, String message) {
    problems.at(object.get(key).origin(), shown(key) + " " + message);
  }

  /** Names the keys that were never asked for. */
  void done() {
    for (String key : new TreeSet<>(object.keySet())) {
      if (!asked.contains(key)) {
        List<String> known = asked.stream().map(each -> prefix + each).toList();
        problems.at(
            object.get(key).origin(),
            "unknown key "
                + prefix
                + named(key)
                + " in "
                + owner
                + Nearest.hint(prefix + key, known));
      }
    }
  }

  /** A value for people: its type, and itself where it is short. */
  static String describe(ConfigValue value) {
    return switch (value.valueType()) {
      case OBJECT -> "a block in braces";
      case LIST -> "a list";
      case NULL -> "null";
      case NUMBER -> "the number " + value.unwrapped();
      case BOOLEAN -> String.valueOf(value.unwrapped());
      case STRING -> "the text \"" + value.unwrapped() + "\"";
    };
  }

  private List<ConfigValue> list(String key) {
    Optional<ConfigValue> list = typed(key, ConfigValueType.LIST, "a list in brackets");
    return list.isPresent() ? (ConfigList) list.get() : List.of();
  }

  private Optional<ConfigValue> typed(String key, ConfigValueType type, String expected) {
    return value(key)
        .filter(
            value ->
                value.valueType() == type
                    || refuse(key, "must be " + expected + ", got " + describe(value)));
  }

  /** False, for a filter. */
  private boolean refuse(String key, String message) {
    problem(key, message);
    return false;
  }

  private String shown(String key) {
    return prefix + key + " of " + owner;
  }

  /** In quotes where it would not be seen, or would be read as another. */
  private static String named(String key) {
    return key.matches("[\\w-]+") ? key : ConfigUtil.quoteString(key);
  }

  /** The root of a file without braces has no line of its own. */
  private static int line(ConfigOrigin origin) {
    return Math.max(1, origin.lineNumber());
  }
}
