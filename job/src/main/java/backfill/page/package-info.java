/**
 * The report as a page that people look at: HTML with the report inside, and Markdown for a ticket.
 * It knows the report by its JSON alone, so that an old one has its page, too. Begin at {@code
 * RunPage}.
 */
package backfill.page;
