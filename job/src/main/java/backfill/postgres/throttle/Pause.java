package backfill.postgres.throttle;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A time in which no writer began a batch.
 *
 * @param from when it began, by the driver's clock
 * @param lengthMs how long it lasted; so far, where it has not ended
 * @param reason the signal, or {@code asked} for one that a person asked for
 * @param reading of the signal at its worst; null where a person asked
 * @param by who asked; null for a signal
 */
public record Pause(
    String from,
    @JsonProperty("lengthMs") long lengthMs,
    String reason,
    String reading,
    String by) {}
