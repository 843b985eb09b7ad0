/** Orders of another system on the real stack: those that are right, and ten kinds that are not until they are mended. */
import { randomUUID } from 'node:crypto';
import { Partitioners, type Message, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTopic } from '../../events/consume.ts';
import { createKafka } from '../../events/kafka.ts';
import { topicName } from '../../events/topics.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Platform, TARGET, until } from './platform.ts';

const SOURCE = '/helpdesk';
const TIMEOUT_MS = START_TIMEOUT_MS + 180_000;

let platform: Platform;
let producer: Producer;

beforeAll(async () => {
  platform = await Platform.start({
    tms: [
      { name: 'alpha', idempotent: true },
      { name: 'beta', idempotent: false },
    ],
    speed: 120,
    fleet: [{ tms: 'beta', terminals: 20 }],
    env: { ORDER_SOURCES: SOURCE, ORDER_KEEP_OPEN_SECONDS: '20' },
  });
  await saveTemplate('quick');
  producer = createKafka(platform.stack.config.kafka, 'helpdesk').producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
}, START_TIMEOUT_MS);

afterAll(async () => {
  await producer?.disconnect();
  await platform?.stop();
});

async function saveTemplate(name: string): Promise<void> {
  await platform.call('PUT', `/policy-templates/${name}`, {
    policy: {
      polling: { windows: [{ everySeconds: 2, attempts: 100 }] },
      deadlineSeconds: 60,
      progressEverySeconds: 0.5,
    },
  });
}

const terminal = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

type Headers = Record<string, string>;

/** An order of a terminal for the campaign, and what it is instead of one that is right. */
function order(campaignId: string, tpeId: string, wrong: Partial<Message> & { data?: object } = {}): Message {
  const { data, headers, ...rest } = wrong;
  return {
    key: `${campaignId}|${tpeId}`,
    value: JSON.stringify({
      campaignId,
      tpeId,
      targetVersion: TARGET,
      policyTemplate: { name: 'quick' },
      ...data,
    }),
    headers: { ...envelope(), ...headers },
    ...rest,
  };
}

function envelope(): Headers {
  return {
    ce_specversion: '1.0',
    ce_id: randomUUID(),
    ce_source: SOURCE,
    ce_type: 'tpe.update.ordered',
    ce_time: new Date().toISOString(),
    ce_correlationid: 'ticket-4711',
    'content-type': 'application/json',
  };
}

async function send(...messages: Message[]): Promise<void> {
  const topic = topicName(platform.stack.config, 'tpe.update.command');
  await producer.send({ topic, acks: -1, messages });
}

function without(name: string): Headers {
  const { [name]: _, ...rest } = envelope();
  return rest;
}

interface Letter {
  deadLetterId: string;
  error: string;
  tries: number;
  key: { content: string } | null;
  value: { content: string; encoding: string } | null;
}

/** Poison of every kind, with what mends it. */
interface Poison {
  kind: string;
  error: string;
  message: (campaignId: string, tpeId: string) => Message;
  /** What is changed in the message; absent: nothing, it is the world that is mended. */
  edit?: (campaignId: string, tpeId: string) => object;
  mend?: (tpeId: string) => Promise<void>;
}

const right = (campaignId: string, tpeId: string): object => ({
  campaignId,
  tpeId,
  targetVersion: TARGET,
  policyTemplate: { name: 'quick' },
});

const POISON: Poison[] = [
  {
    kind: 'no JSON',
    error: 'INVALID_MESSAGE',
    message: (campaign, tpe) => order(campaign, tpe, { value: '{ "campaignId": ' }),
    edit: (campaign, tpe) => ({ value: right(campaign, tpe) }),
  },
  {
    kind: 'bytes that are no text',
    error: 'INVALID_MESSAGE',
    message: (campaign, tpe) => order(campaign, tpe, { value: Buffer.from([0xff, 0x00, 0xfe, 0x80]) }),
    edit: (campaign, tpe) => ({ value: right(campaign, tpe) }),
  },
  {
    kind: 'a field of the wrong type',
    error: 'INVALID_MESSAGE',
    message: (campaign, tpe) => order(campaign, tpe, { data: { targetVersion: 42 } }),
    edit: (campaign, tpe) => ({ value: right(campaign, tpe) }),
  },
  {
    kind: 'no value',
    error: 'INVALID_MESSAGE',
    message: (campaign, tpe) => order(campaign, tpe, { value: null }),
    edit: (campaign, tpe) => ({ value: right(campaign, tpe) }),
  },
  {
    kind: 'no event id',
    error: 'INVALID_MESSAGE',
    message: (campaign, tpe) => ({ ...order(campaign, tpe), headers: without('ce_id') }),
    edit: () => ({ headers: { ce_id: randomUUID() } }),
  },
  {
    kind: 'an unknown type',
    error: 'INVALID_MESSAGE',
    message: (campaign, tpe) => order(campaign, tpe, { headers: { ce_type: 'tpe.update.wished' } }),
    edit: () => ({ headers: { ce_type: 'tpe.update.ordered' } }),
  },
  {
    kind: 'a key that is not its own',
    error: 'INVALID_MESSAGE',
    message: (campaign, tpe) => order(campaign, tpe, { key: 'something else' }),
    edit: (campaign, tpe) => ({ key: `${campaign}|${tpe}` }),
  },
  {
    kind: 'a source that may not order',
    error: 'UNAUTHORISED_SOURCE',
    message: (campaign, tpe) => order(campaign, tpe, { headers: { ce_source: '/stranger' } }),
    edit: () => ({ headers: { ce_source: SOURCE } }),
  },
  {
    kind: 'a terminal that nobody knows',
    error: 'UNKNOWN_TERMINAL',
    message: (campaign, tpe) => order(campaign, tpe),
    mend: (tpe) => platform.addToFleet([`${tpe},beta-new,beta,A920,Lyon-1,4.1.0`]),
  },
  {
    kind: 'a policy template that nobody knows',
    error: 'UNKNOWN_TEMPLATE',
    message: (campaign, tpe) => order(campaign, tpe, { data: { policyTemplate: { name: 'later' } } }),
    mend: () => saveTemplate('later'),
  },
];

async function openLetters(): Promise<Letter[]> {
  return (await platform.call<{ items: Letter[] }>('GET', '/dlq?state=OPEN&limit=100')).items;
}

async function statusesOf(campaignIds: readonly string[]): Promise<string[]> {
  const { latest } = await readTopic(platform.stack.config, 'tpe.update.status');
  return [...latest].flatMap(([key, { headers }]) =>
    campaignIds.includes(key.split('|')[0] ?? '') ? [headers.ce_status ?? ''] : [],
  );
}

it(
  'orders are carried out once, poison of ten kinds stands aside with its reason and is carried out when mended',
  async () => {
    const campaignId = randomUUID();
    const good = Array.from({ length: 6 }, (_, n) => order(campaignId, terminal(n)));
    // One campaign each: a refused order must not make one.
    const cases = POISON.map((poison, n) => ({
      ...poison,
      campaignId: randomUUID(),
      tpeId: poison.error === 'UNKNOWN_TERMINAL' ? randomUUID() : terminal(6 + n),
    }));
    const poison = cases.map((each) => each.message(each.campaignId, each.tpeId));
    await send(...good.slice(0, 3), ...poison, ...good.slice(3), ...good);

    // The good ones are not held up by the bad.
    await until(
      async () => (await platform.campaign(campaignId).catch(() => undefined))?.counts.SUCCESS === 6,
    );
    await until(async () => (await openLetters()).length === cases.length);
    const letters = await openLetters();
    expect(letters.map(({ error }) => error).sort()).toEqual(cases.map(({ error }) => error).sort());
    for (const { campaignId: id } of cases) {
      await expect(platform.campaign(id)).rejects.toThrow('404');
    }

    // Their bytes are on the topic as they were.
    const { records } = await readTopic(platform.stack.config, 'tpe.events.dlq');
    const binary = records.find(({ value }) => value?.equals(Buffer.from([0xff, 0x00, 0xfe, 0x80])));
    expect(binary?.headers).toMatchObject({
      dlq_topic: 'tpe.update.command',
      dlq_stage: 'orders',
      dlq_error: 'INVALID_MESSAGE',
      dlq_tries: '1',
      ce_source: SOURCE,
    });
    expect(letters.find(({ error }) => error === 'UNKNOWN_TERMINAL')?.tries).toBe(3);

    const open = new Map(records.map(({ headers, key, value }) => [headers.dlq_id, { key, value }]));
    expect(open.size).toBe(cases.length);
    for (const each of cases) {
      const index = cases.indexOf(each);
      const message = poison[index] as Message;
      const letter = letters.find((one) => isAbout(one, each.error, message));
      expect(letter, each.kind).toBeDefined();
      await each.mend?.(each.tpeId);
      const edit = each.edit?.(each.campaignId, each.tpeId);
      await platform.call('POST', `/dlq/${letter?.deadLetterId}/replay`, {
        by: 'ops',
        reason: each.kind,
        ...(edit && { edit }),
      });
    }
    const campaigns = cases.map((each) => each.campaignId);
    await until(
      async () => (await statusesOf(campaigns)).filter((status) => status === 'SUCCESS').length === 10,
    );
    expect(await openLetters()).toEqual([]);

    // Nobody orders any more: they end by themselves, and say what happened.
    for (const id of [campaignId, ...campaigns]) {
      expect(await platform.untilEnded(id)).toMatchObject({ status: 'COMPLETED' });
    }
    expect(await platform.expectAgreement(campaignId)).toEqual({ SUCCESS: 6 });
    const { items } = await platform.call<{ items: { type: string; correlationId: string }[] }>(
      'GET',
      `/campaigns/${campaignId}/events?limit=100`,
    );
    const ordered = items.filter(({ type }) => type.startsWith('tpe.'));
    expect(ordered.filter(({ type }) => type === 'tpe.ordered')).toHaveLength(6);
    expect(new Set(ordered.map(({ correlationId }) => correlationId))).toEqual(new Set(['ticket-4711']));
    expect((await platform.stats()).duplicates).toBe(0);
  },
  TIMEOUT_MS,
);

/** A list shows the key, and the value as text or base64. */
function isAbout({ error, key, value }: Letter, expected: string, message: Message): boolean {
  const bytes = message.value === null ? null : Buffer.from(message.value);
  const shown = value && Buffer.from(value.content, value.encoding === 'base64' ? 'base64' : 'utf8');
  const isSame = bytes === null ? shown === null : shown !== null && shown.equals(bytes);
  return error === expected && isSame && key?.content === String(message.key);
}
