/** What a broker answered instead of doing what it was asked for. */
export interface BrokerRefusal {
  /** Kafka's name of the error, for example MESSAGE_TOO_LARGE. */
  type: string;
  message: string;
  /** Asking again may help. */
  retriable: boolean;
}

/** The broker's own answers in an error of kafkajs, which wraps them in several ways; empty if there are none. */
export function brokerRefusals(error: unknown): BrokerRefusal[] {
  if (typeof error !== 'object' || error === null) return [];
  const { type, message, retriable, cause, errors } = error as Record<string, unknown>;
  if (typeof type === 'string') return [{ type, message: String(message), retriable: retriable === true }];
  if (Array.isArray(errors)) return errors.flatMap(brokerRefusals);
  return brokerRefusals(cause);
}
