package backfill.page;

import java.util.List;

/**
 * One part of a page.
 *
 * @param id what a link to it ends in
 */
record Section(String id, String title, List<Block> blocks) {
  Section {
    blocks = List.copyOf(blocks);
  }
}
