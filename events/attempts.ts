/** How often a message is tried, and what becomes of the others when one of them can't be handled. */
import type { ReceivedMessage } from './consumed-message.ts';
import type { DeathCause } from './dead-letter.ts';

/** What has become of a message; without any property it was handled. */
export interface Verdict {
  /** It was not handled, for this reason. `retriable`: trying again may help. */
  dead?: DeathCause & { retriable: boolean };
  /** It had been handled before; for the metric. */
  repeated?: boolean;
}

/**
 * Handles messages of distinct keys; idempotent, because any message may come again. Gives a verdict for each, in
 * the same order. Throws when nothing was done.
 */
export type Handler = (messages: readonly ReceivedMessage[]) => Promise<readonly Verdict[]>;

export interface Outcome {
  message: ReceivedMessage;
  /** 1, 2 or 3. */
  tries: number;
  repeated: boolean;
  /** Set where it is given up. */
  cause?: DeathCause;
}

/** The work on a batch is left: the consumer stops, or the partition goes to another. */
export class Abandoned extends Error {
  override name = 'Abandoned';
}

export interface AttemptOptions {
  handle: Handler;
  /** Whether an error means that something which every message needs is away: tried for ever. */
  isOutage: (error: unknown) => boolean;
  /** Waits. @throws Abandoned as soon as the work is to be left */
  pause: (milliseconds: number) => Promise<void>;
  /** @throws Abandoned when the work is to be left */
  check: () => void;
  /** Called at each failure of an outage, and without an error at its end. */
  onOutage: (error?: unknown) => void;
  /** Called for those that are tried again. */
  onRetry: (messages: readonly ReceivedMessage[]) => void;
}

const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Milliseconds before the next try, the `failures`-th: 200, 400 … 5,000, each up to a half less. */
export function backOff(failures: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Handles messages until each is handled or given up. What may pass is tried 3 times; what never will, once. All
 * that are tried again wait together, so that a round ends within a second whatever fails in it. Where the handler
 * throws, the messages are halved until those that it throws for stand alone: a try counts for these only.
 * @throws Abandoned when the work is to be left; some may have been handled
 */
export async function attempt(
  messages: readonly ReceivedMessage[],
  options: AttemptOptions,
): Promise<Outcome[]> {
  const outcomes = new Map<ReceivedMessage, Outcome>();
  let pending = messages;
  for (let tries = 1; ; tries++) {
    const verdicts = await verdictsOf(pending, options);
    const again: ReceivedMessage[] = [];
    for (const [index, message] of pending.entries()) {
      const { dead, repeated = false } = verdicts[index] ?? {};
      const cause = dead && { code: dead.code, message: dead.message };
      outcomes.set(message, { message, tries, repeated, ...(cause ? { cause } : {}) });
      if (dead?.retriable) again.push(message);
    }
    if (again.length === 0 || tries === MAX_TRIES) break;
    options.onRetry(again);
    await options.pause(backOff(tries));
    pending = again;
  }
  return messages.flatMap((message) => outcomes.get(message) ?? []);
}

async function verdictsOf(
  messages: readonly ReceivedMessage[],
  options: AttemptOptions,
): Promise<readonly Verdict[]> {
  try {
    const verdicts = await beyondOutages(messages, options);
    if (verdicts.length === messages.length) return verdicts;
    throw new Error(`The handler gave ${verdicts.length} verdicts for ${messages.length} messages.`);
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    if (messages.length === 1) return [{ dead: { ...unexpected(error), retriable: true } }];
    const middle = Math.ceil(messages.length / 2);
    return [
      ...(await verdictsOf(messages.slice(0, middle), options)),
      ...(await verdictsOf(messages.slice(middle), options)),
    ];
  }
}

async function beyondOutages(
  messages: readonly ReceivedMessage[],
  { handle, isOutage, check, pause, onOutage }: AttemptOptions,
): Promise<readonly Verdict[]> {
  for (let failures = 1; ; failures++) {
    check();
    try {
      const verdicts = await handle(messages);
      if (failures > 1) onOutage();
      return verdicts;
    } catch (error) {
      if (!isOutage(error)) {
        if (failures > 1) onOutage();
        throw error;
      }
      onOutage(error);
      await pause(backOff(failures));
    }
  }
}

/** What the handler did not expect, either. */
function unexpected(error: unknown): DeathCause {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'HANDLER_FAILED', message };
}
