package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingClasses;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** How many values one record holds, and how many one method takes, over all classes of the job. */
class WidthTest {
  private static final int COMPONENTS = 8;
  private static final int PARAMETERS = 6;

  /**
   * Records that are wider, each with its number of components. Of pairs of one object there are
   * millions at once: a record within each would be one allocation more.
   */
  private static final Set<String> WIDE_RECORDS = Set.of("ObjectDiff 11");

  /** Held exactly: what has become narrower leaves the list. */
  @Test
  void recordsAreNarrow() throws Exception {
    TreeSet<String> wide = new TreeSet<>();
    for (Class<?> each : TestingClasses.all()) {
      if (each.isRecord() && each.getRecordComponents().length > COMPONENTS) {
        wide.add(name(each) + " " + each.getRecordComponents().length);
      }
    }
    assertThat(wide).containsExactlyInAnyOrderElementsOf(WIDE_RECORDS);
  }

  @Test
  void methodsTakeFewParameters() throws Exception {
    TreeSet<String> wide = new TreeSet<>();
    for (Class<?> each : TestingClasses.all()) {
      for (Executable method : methods(each)) {
        if (!method.isSynthetic() && method.getParameterCount() > PARAMETERS) {
          String own = method instanceof Constructor ? "new" : method.getName();
          wide.add(name(each) + "." + own + " " + method.getParameterCount());
        }
      }
    }
    assertThat(wide).isEmpty();
  }

  /** Those of a record take what it holds. */
  private static List<Executable> methods(Class<?> each) {
    List<Executable> methods = new ArrayList<>(List.of(each.getDeclaredMethods()));
    if (!each.isRecord()) {
      methods.addAll(List.of(each.getDeclaredConstructors()));
    }
    return methods;
  }

  private static String name(Class<?> each) {
    return each.getName().substring(each.getPackageName().length() + 1);
  }
}
