import { randomUUID } from 'node:crypto';
import { Partitioners, type Message } from 'kafkajs';
import type { Config } from '../../config.ts';
import { createKafka } from '../../events/kafka.ts';
import { topicName } from '../../events/topics.ts';
import { untilDone } from '../support/persistence.ts';
import { between, type Random } from '../support/random.ts';

const BATCH = 250;
const TARGET = '4.2.0';

/** Another system that orders updates: sends each order at least once, a fifth of them again, and some that are no orders. */
export class OrderWriter {
  /** Keys `campaignId|tpeId`: each is to become one terminal of one campaign. */
  readonly keys: string[] = [];
  /** Messages that are to end as dead letters. */
  readonly poison: string[] = [];
  readonly #config: Config;
  readonly #random: Random;
  readonly #terminals: readonly string[];
  readonly #campaigns: string[];

  constructor(config: Config, random: Random, options: { terminals: readonly string[]; campaigns: number }) {
    this.#config = config;
    this.#random = random;
    this.#terminals = options.terminals;
    this.#campaigns = Array.from({ length: options.campaigns }, () => randomUUID());
  }

  async writeAll(): Promise<void> {
    const messages = this.#terminals.map((tpeId, index) => {
      const campaignId = this.#campaigns[index % this.#campaigns.length] as string;
      this.keys.push(`${campaignId}|${tpeId}`);
      return order(campaignId, tpeId);
    });
    const kafka = createKafka(this.#config.kafka, 'chaos');
    const topic = topicName(this.#config, 'tpe.update.command');
    for (let at = 0; at < messages.length; at += BATCH) {
      const part = messages.slice(at, at + BATCH);
      const again = messages.slice(0, at + BATCH).filter(() => this.#random() < 0.2 * (BATCH / (at + BATCH)));
      const broken = Array.from({ length: between(this.#random, 0, 1) }, () => this.#break());
      await untilDone(async () => {
        const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
        try {
          await producer.connect();
          await producer.send({ topic, acks: -1, messages: [...part, ...broken, ...again] });
        } finally {
          await producer.disconnect();
        }
      });
    }
  }

  #break(): Message {
    const message = order(this.#campaigns[0] as string, randomUUID());
    const id = (message.headers as Record<string, string>).ce_id as string;
    this.poison.push(id);
    return { ...message, value: '{ "campaignId": ' };
  }
}

function order(campaignId: string, tpeId: string): Message {
  return {
    key: `${campaignId}|${tpeId}`,
    value: JSON.stringify({ campaignId, tpeId, targetVersion: TARGET }),
    headers: {
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_source: '/erp',
      ce_type: 'tpe.update.ordered',
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
    },
  };
}
