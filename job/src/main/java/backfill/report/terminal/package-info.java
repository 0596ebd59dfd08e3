/**
 * How text is laid out for people: lines folded at a terminal's width, tables, columns side by
 * side, a bar. It knows nothing of a run, and uses no other room. Begin at {@code Terminal}.
 */
package backfill.report.terminal;
