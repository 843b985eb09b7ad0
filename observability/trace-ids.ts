/** The ids by which one request is found again in logs, events, messages and traces, as they come from outside. */
import { containsCardNumber } from '../redact.ts';

const CORRELATION_ID = /^[\w.:-]{1,128}$/;
/** W3C trace context, version 00 and those that may follow it. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The id, or null for what has not the form of one, or looks like a card number. */
export function correlationIdOf(text: string | null | undefined): string | null {
  const id = text?.trim() ?? '';
  return CORRELATION_ID.test(id) && !containsCardNumber(id) ? id : null;
}

/** The W3C trace context, or null for what is none. */
export function traceparentOf(text: string | null | undefined): string | null {
  const trace = text?.trim() ?? '';
  return TRACEPARENT.test(trace) ? trace : null;
}
