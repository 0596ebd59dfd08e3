package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {

  @Test
  void theClosestWordsAreNamed() {
    assertThat(Nearest.hint("gruop", List.of("group", "users"))).isEqualTo("; did you mean group?");
    assertThat(Nearest.hint("USERS", List.of("group", "users"))).isEqualTo("; did you mean users?");
    assertThat(Nearest.hint("use", List.of("user", "used", "fuse", "uses", "users")))
        .isEqualTo("; did you mean user, used, fuse?");
    assertThat(Nearest.hint("authorised_user_ids", List.of("authorized_userids")))
        .isEqualTo("; did you mean authorized_userids?");
    assertThat(Nearest.hint("group", List.of("users"))).isEmpty();
    assertThat(Nearest.hint("direct.group", List.of("direct.from"))).isEmpty();
    assertThat(Nearest.hint("c", List.of("a", "b"))).isEmpty();
    assertThat(Nearest.hint("group", List.of())).isEmpty();
  }
}
