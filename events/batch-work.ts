import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import type { Logger } from '../observability/logger.ts';
import {
  kafkaConsumerMessagesTotal,
  kafkaDlqMessagesTotal,
  kafkaProcessingDurationSeconds,
} from '../observability/metrics.ts';
import { Abandoned, attempt, backOff } from './attempts.ts';
import type { Handler, Outcome } from './attempts.ts';
import { receivedMessage, lastDone, rounds } from './consumed-message.ts';
import type { ReceivedMessage } from './consumed-message.ts';
import type { Burial, DeadLetterSender } from './dead-letter-sender.ts';
import type { TopicName } from './topics.ts';

export interface BatchWorkOptions {
  payload: EachBatchPayload;
  topic: TopicName;
  stage: string;
  handle: Handler;
  isOutage: (error: unknown) => boolean;
  maxBatch: number;
  /** Full names, for metrics and logs. */
  labels: { group: string; topic: string };
  logger: Logger;
  /** Absent: what is given up is only logged. */
  sender: DeadLetterSender | undefined;
  /** Whether the partition is still this member's, and work on it is wanted. */
  isOurs: () => boolean;
}

/** Milliseconds between two signs of life while a batch is worked on; kafkajs sends one in 3 s at most. */
const SIGN_MS = 1_000;

/** The work on what was fetched of one partition at once. */
export class BatchWork {
  readonly #options: BatchWorkOptions;
  readonly #leaving = new AbortController();
  #outage = false;

  constructor(options: BatchWorkOptions) {
    this.#options = options;
  }

  /** Whether it waits for a part that is away. */
  get waitsForOutage(): boolean {
    return this.#outage;
  }

  /** Ends the work after the call of the handler that is under way; what waits for another try is left at once. */
  leave(reason: unknown): void {
    this.#leaving.abort(reason);
  }

  /**
   * Handles the messages and commits how far it came.
   * @throws what Kafka answered instead of taking a sign of life or the commit: kafkajs then joins the group anew
   */
  async run(): Promise<void> {
    const { payload, topic, maxBatch } = this.#options;
    const { messages } = payload.batch;
    const signs = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => {
        clearInterval(signs);
        this.leave(error);
      });
    }, SIGN_MS);
    try {
      for (let start = 0; start < messages.length; start += maxBatch) {
        const window = messages.slice(start, start + maxBatch);
        await this.#workOn(window.map((message) => receivedMessage(topic, payload.batch.partition, message)));
      }
    } catch (error) {
      if (!(error instanceof Abandoned)) throw error;
      const { reason } = this.#leaving.signal;
      if (reason !== undefined && !(reason instanceof Abandoned)) throw reason;
    } finally {
      clearInterval(signs);
    }
  }

  async #workOn(messages: readonly ReceivedMessage[]): Promise<void> {
    const done = new Set<ReceivedMessage>();
    try {
      for (const round of rounds(messages)) {
        const outcomes = await attempt(round, {
          handle: this.#options.handle,
          isOutage: this.#options.isOutage,
          pause: (milliseconds) => this.#pause(milliseconds),
          check: () => this.#check(),
          onOutage: (error) => this.#noteOutage(error),
          onRetry: (again) => this.#count('retried', again.length),
        });
        await this.#bury(outcomes);
        this.#measure(outcomes);
        for (const message of round) done.add(message);
      }
    } finally {
      await this.#commit(lastDone(messages, done));
    }
  }

  async #bury(outcomes: readonly Outcome[]): Promise<void> {
    const { logger, sender, stage, labels } = this.#options;
    const burials = outcomes.flatMap(({ message, cause, tries }): Burial[] =>
      cause ? [{ message, death: { cause, stage, tries } }] : [],
    );
    for (const { message, death } of burials) {
      const { partition, offset, headers } = message;
      const { code } = death.cause;
      const where = { topic: labels.topic, partition, offset, eventId: headers.ce_id, code };
      const fate = sender ? 'goes to the dead letters' : 'is passed over';
      logger.error(where, `message ${fate} after ${death.tries} tries: ${death.cause.message}`);
    }
    if (burials.length === 0 || !sender) return;
    await sender.send(burials, (failures) => this.#pause(backOff(failures)));
    for (const { death } of burials)
      kafkaDlqMessagesTotal.inc({ topic: labels.topic, reason: death.cause.code });
  }

  async #commit(last: ReceivedMessage | undefined): Promise<void> {
    if (!last) return;
    const { payload } = this.#options;
    const { topic, partition } = payload.batch;
    // Of the last message, kafkajs resolves what follows it without being one: the mark at a transaction's end.
    payload.resolveOffset(last.offset);
    const offset = payload
      .uncommittedOffsets()
      .topics.find((entry) => entry.topic === topic)
      // Typed as numbers, but text.
      ?.partitions.find((entry) => String(entry.partition) === String(partition))?.offset;
    if (offset === undefined) return;
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
  }

  #measure(outcomes: readonly Outcome[]): void {
    const { labels, stage } = this.#options;
    const now = Date.now();
    for (const { message, cause, repeated } of outcomes) {
      this.#count(cause ? 'dead' : repeated ? 'repeated' : 'handled', 1);
      const began = Date.parse(message.headers.ce_time ?? '');
      const seconds = (now - (Number.isNaN(began) ? Number(message.timestamp) : began)) / 1000;
      kafkaProcessingDurationSeconds.observe({ role: stage, topic: labels.topic }, Math.max(0, seconds));
    }
  }

  #count(outcome: string, messages: number): void {
    kafkaConsumerMessagesTotal.inc({ ...this.#options.labels, outcome }, messages);
  }

  #noteOutage(error?: unknown): void {
    const { labels, logger, payload } = this.#options;
    const where = { ...labels, partition: payload.batch.partition };
    if (error !== undefined) logger.warn({ ...where, err: error }, 'a part is away: the partition waits');
    else logger.info(where, 'the part that was away is back');
    this.#outage = error !== undefined;
  }

  #check(): void {
    if (this.#leaving.signal.aborted || !this.#options.isOurs()) {
      throw new Abandoned('The partition is no longer to be worked on.');
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#leaving;
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    this.#check();
  }
}
