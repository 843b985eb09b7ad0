/**
 * The boundary to other systems under random kills: 10,000 orders come in over Kafka, each terminal goes through its
 * statuses, every state goes out over Kafka - some 50,000 events - while processes are killed, the broker is away for
 * half a minute and PostgreSQL is restarted. At the end nothing is lost, nothing is out of order, nothing is there twice.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, it } from 'vitest';
import { type Config, loadConfig } from '../../config.ts';
import { createPool, type Pool } from '../../db/pool.ts';
import { startStack, type Stack } from '../../stack/stack.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { CampaignMaker } from './campaign-maker.ts';
import { expectNothingLost, untilSettled } from './expectations.ts';
import { Monkey } from './monkey.ts';
import { OrderWriter } from './order-writer.ts';
import { seededRandom } from '../support/random.ts';
import { Terminals } from './terminals.ts';

const TERMINALS = 10_000;
const CAMPAIGNS = 20;
/** The same choices at each run, so that a failure tells of a change; set it for others. */
const SEED = Number(process.env.CHAOS_SEED ?? 42);
const TIMEOUT_MS = START_TIMEOUT_MS + 8 * 60_000;

let folder: string;
let stack: Stack;
let config: Config;
let db: Pool;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tpe-chaos-'));
  stack = await startStack({
    dataDir: folder,
    ports: 'free',
    quiet: true,
    simulator: false,
    roles: [],
    temporalInMemory: true,
    env: {},
  });
  const env = { ORDER_SOURCES: '/erp', KAFKA_TOPIC_PREFIX: '' };
  // No worker of Temporal's: campaigns wait for one, and their terminals are moved on by the test.
  await Promise.all([
    stack.startRole('api', env),
    stack.startRole('relay', env),
    stack.startRole('relay', env, 'relay-2'),
    stack.startRole('consumers', env),
    stack.startRole('consumers', env, 'consumers-2'),
  ]);
  config = loadConfig({ ...stack.env, ...env });
  db = createPool(config.database, 'chaos');
}, START_TIMEOUT_MS);

afterAll(async () => {
  await db?.end();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

it(
  'loses nothing, reorders nothing and does nothing twice over 50,000 events with random kills',
  async () => {
    process.stderr.write(`chaos: CHAOS_SEED=${SEED}\n`);
    const random = seededRandom(SEED);
    const terminals = new Terminals(db, random);
    await terminals.load(TERMINALS);
    const orders = new OrderWriter(config, random, { terminals: terminals.ids, campaigns: CAMPAIGNS });
    const campaigns = new CampaignMaker(stack.env.API_PORT ?? '', random);
    const monkey = new Monkey(stack, random);

    const chaos = monkey.run();
    await Promise.all([orders.writeAll(), campaigns.makeAll(60), terminals.moveUntilFinal(TERMINALS)]);
    monkey.stop();
    process.stderr.write(`chaos: ${(await chaos).join(', ')}\n`);
    await monkey.healed();
    await untilSettled(db);
    await expectNothingLost(config, db, { orders, campaigns, terminals: TERMINALS });
  },
  TIMEOUT_MS,
);
