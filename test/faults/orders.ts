/** Another system that orders updates over Kafka, each until the broker has taken it, and a fifth of them again. */
import { randomUUID } from 'node:crypto';
import { Partitioners, type Message } from 'kafkajs';
import { createKafka } from '../../events/kafka.ts';
import { topicName } from '../../events/topics.ts';
import { untilDone } from '../support/persistence.ts';
import type { Random } from '../support/random.ts';
import { ORDER_SOURCE, TARGET, type World } from './world.ts';

const BATCH = 25;
const REPEATED = 0.2;

export interface Orders {
  campaignId: string;
  tpeIds: readonly string[];
  /** Of the policy template that the campaign is to have. */
  template: string;
}

export async function writeOrders({ config }: World, random: Random, orders: Orders): Promise<void> {
  const messages = orders.tpeIds.map((tpeId) => orderOf(orders, tpeId));
  const kafka = createKafka(config.kafka, 'erp');
  const topic = topicName(config, 'tpe.update.command');
  for (let at = 0; at < messages.length; at += BATCH) {
    const again = messages.slice(0, at).filter(() => random() < REPEATED * (BATCH / at));
    await untilDone(async () => {
      const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
      try {
        await producer.connect();
        await producer.send({ topic, acks: -1, messages: [...messages.slice(at, at + BATCH), ...again] });
      } finally {
        await producer.disconnect();
      }
    });
  }
}

function orderOf({ campaignId, template }: Orders, tpeId: string): Message {
  return {
    key: `${campaignId}|${tpeId}`,
    value: JSON.stringify({ campaignId, tpeId, targetVersion: TARGET, policyTemplate: { name: template } }),
    headers: {
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_source: ORDER_SOURCE,
      ce_type: 'tpe.update.ordered',
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
    },
  };
}
