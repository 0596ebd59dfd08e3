package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShippedTest {
  @Test
  void everyShippedPlanReadsAndDescribesItself() {
    assertThat(PlanFile.shipped()).contains("defectdojo-authorized-users");
    for (String name : PlanFile.shipped()) {
      String text = PlanFile.shippedText(name).orElseThrow();
      assertThat(PlanFile.read(name, text, List.of(), "1.0").name()).isEqualTo(name);
      assertThat(PlanFile.description(text)).endsWith(".").hasSizeBetween(20, 200);
    }
  }

  @Test
  void defectDojosPlanFillsTwoListsAndTheFlags() {
    String text = PlanFile.shippedText("defectdojo-authorized-users").orElseThrow();
    Plan plan = PlanFile.read("conf", text, List.of(), "1.0");
    assertThat(plan.onlyIf()).contains("to_regclass('dojo_role') IS NOT NULL");
    assertThat(plan.sources().keySet())
        .containsExactly(
            "product_member",
            "product_group",
            "type_member",
            "type_group",
            "group_member",
            "global_role",
            "role",
            "users");
    assertThat(plan.steps())
        .extracting(Step::name)
        .containsExactly("product-users", "product-type-users", "user-flags");
    assertThat(plan.steps())
        .extracting(Step::target)
        .containsExactly(
            "dojo_product_authorized_users", "dojo_product_type_authorized_users", "auth_user");
    assertThat(((Step.Fill) plan.steps().get(1)).key())
        .containsExactly("product_type_id", "dojo_user_id");
    assertThat(((Step.Fill) plan.steps().get(2)).key()).containsExactly("id");
  }

  @Test
  void namesComeFromAJarWithoutDirectoryEntries(@TempDir Path directory) throws Exception {
    Path jar = directory.resolve("job with space.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out)) {
      for (String name : List.of("plans/b.conf", "plans/a.conf", "plans/a.txt", "c.conf")) {
        entries.putNextEntry(new ZipEntry(name));
        entries.write(name.getBytes(StandardCharsets.UTF_8));
      }
    }
    assertThat(Shipped.names(jar)).containsExactly("a", "b");
  }

  @Test
  void aNameThatIsNotShippedGivesNothing() {
    assertThat(PlanFile.shippedText("no-such-plan")).isEmpty();
    assertThat(PlanFile.shippedText("../reference")).isEmpty();
  }

  @Test
  void theDescriptionIsTheFirstSentenceOfTheComment() {
    assertThat(PlanFile.description("\n# Fills version 2.5 of\n# a table. And more.\nname = x"))
        .isEqualTo("Fills version 2.5 of a table.");
    assertThat(PlanFile.description("# no end\n\n# other")).isEqualTo("no end");
    assertThat(PlanFile.description("name = x")).isEmpty();
  }
}
