/** One order, read from its message. */
import type { Order } from '../db/orders.ts';
import { correlationIdOf, traceparentOf } from '../observability/trace-ids.ts';
import { containsCardNumber } from '../redact.ts';
import { EVENT_SOURCE, fromKafkaMessage, MessageError } from './cloud-event.ts';
import type { ConsumedMessage } from './consumer.ts';
import { parseMessage, type OrderData } from './messages.ts';

/** A message that is no order that may be taken; `code` is that of its dead letter. */
export class OrderError extends Error {
  override name = 'OrderError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Of what identifies an event: fit for a key of the database. */
const ID = /^[^\p{Cc}]{1,200}$/u;

/** What the platform has published on the topic itself: no order. */
export function isOwn({ headers }: ConsumedMessage): boolean {
  return headers.ce_source === EVENT_SOURCE;
}

/**
 * @param sources those that may order
 * @throws OrderError naming what is wrong
 */
export function readOrder(
  message: ConsumedMessage,
  sources: readonly string[],
): { order: Order; data: OrderData } {
  try {
    const event = fromKafkaMessage(message);
    const { source, id } = event;
    for (const [name, text] of Object.entries({ ce_id: id, ce_source: source })) {
      if (!ID.test(text))
        throw new MessageError(`Header ${name} must have 1 to 200 characters, none of them control.`);
    }
    if (!sources.includes(source)) {
      throw new OrderError(
        'UNAUTHORISED_SOURCE',
        `Header ce_source is "${source}", which may not order updates here; ORDER_SOURCES lists those that may.`,
      );
    }
    const data = parseMessage('tpe.update.ordered', event);
    if (data === null) throw new MessageError('The message has no value: an order is never a tombstone.');
    const { campaignId, tpeId, targetVersion, requestedBy } = data;
    if (event.key !== `${campaignId}|${tpeId}`) {
      throw new MessageError(`The key is "${event.key}", not campaignId|tpeId of the value.`);
    }
    for (const [name, text] of Object.entries({ name: data.name, requestedBy, targetVersion })) {
      if (text && containsCardNumber(text)) throw new MessageError(`${name} looks like a card number.`);
    }
    const actor = requestedBy ?? source;
    return {
      data,
      order: {
        source,
        eventId: id,
        tpeId,
        targetVersion,
        actor,
        correlationId: correlationIdOf(event.correlationId),
        traceparent: traceparentOf(event.traceparent),
      },
    };
  } catch (error) {
    if (error instanceof MessageError) throw new OrderError('INVALID_MESSAGE', error.message);
    throw error;
  }
}
