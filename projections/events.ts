/** The events as projections read them, and where they come from. */

/** What counts of an event. The archives have more; the rest is not looked at. */
export interface SealedEvent {
  /** Its place in the order of all events: 1, 2, 3 … */
  position: number;
  /** ISO 8601, UTC, with microseconds. */
  occurredAt: string;
  type: string;
  campaignId: string | null;
  tpeId: string | null;
  reason: string | null;
  data: Record<string, unknown>;
}

/** Where events come from, in the order of their positions. */
export interface EventSource {
  /**
   * Batches of events, none of them empty, with positions above `after` up to `upTo`, in order and without gaps in what
   * the source has. It ends where the source does.
   */
  readEvents(after: number, upTo: number): AsyncIterable<SealedEvent[]>;
}

/** Events per batch, and so per transaction. */
export const BATCH_EVENTS = 2_000;
