/**
 * The command line: its commands and options, help, and what a person reads before a run. It may
 * use every other room. Begin at {@code CommandLineJob}, which has a method for each command.
 */
package backfill.cli;
