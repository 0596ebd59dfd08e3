package backfill.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSpark;
import java.net.URL;
import java.net.URLClassLoader;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** A session beside one that somebody else started. */
class SessionTest {

  @Test
  void sessionOfSomebodyElseIsNotStopped() {
    SparkSession theirs = TestingSpark.session();
    try (Session session = Session.start("ours", "UTC")) {
      assertThat(session.get().sparkContext()).isSameAs(theirs.sparkContext());
    }

    assertThat(theirs.sparkContext().isStopped()).isFalse();
    assertThat(theirs.range(3).count()).isEqualTo(3);
  }

  @Test
  void settingsAndViewsOfSomebodyElseAreUntouched() {
    SparkSession theirs = TestingSpark.session();
    String zone = theirs.conf().get("spark.sql.session.timeZone");
    theirs.conf().set("spark.sql.session.timeZone", "Asia/Tokyo");
    try (Session session = Session.start("ours", "UTC")) {
      assertThat(session.get().conf().get("spark.sql.session.timeZone")).isEqualTo("UTC");
      session.get().range(1).createOrReplaceTempView("ours_alone");

      assertThat(theirs.conf().get("spark.sql.session.timeZone")).isEqualTo("Asia/Tokyo");
      assertThat(theirs.catalog().tableExists("ours_alone")).isFalse();
    } finally {
      theirs.conf().set("spark.sql.session.timeZone", zone);
    }
  }

  @Test
  void callersClassLoaderIsLeftToTheCaller() throws Exception {
    TestingSpark.session();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader own = new URLClassLoader(new URL[0], before)) {
      thread.setContextClassLoader(own);
      try (Session session = Session.start("ours", "UTC")) {
        assertThat(session.get().range(2).count()).isEqualTo(2);
      }
      assertThat(thread.getContextClassLoader()).isSameAs(own);
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
