/** A wave that asks for more at once than yesterday's workers did: whoever of the two begins it, each batch is asked for once. */
import { setTimeout as pause } from 'node:timers/promises';
import { heartbeat } from '@temporalio/activity';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { DispatchInput, DispatchResult } from '../../activities/types.ts';
import type { campaignWave } from '../../workflows/campaign-wave.ts';
import { CAMPAIGN_TASK_QUEUE, tmsTaskQueue } from '../../workflows/names.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { createTestNamespace, START_TIMEOUT_MS } from '../support/stack.ts';
import { prepareWorkflows } from '../workflows/time-skipping.ts';
import { readBundle, YESTERDAY } from './bundles.ts';
import { failedTasks } from './histories.ts';

/** Batches of each of two TMSs: more than the eight that were given out at once. */
const BATCHES = 10;

let today: WorkflowBundle;
let yesterday: WorkflowBundle;
let native: NativeConnection;
let connection: Connection;
let client: Client;
/** "alpha 3": the batches that were asked for, in the order in which they were. */
let asked: string[];
/** Until then no batch is answered. */
let answer: PromiseWithResolvers<void>;

beforeAll(async () => {
  today = await prepareWorkflows();
  yesterday = await readBundle(YESTERDAY);
}, START_TIMEOUT_MS);
beforeEach(async () => {
  const { address, namespace } = await createTestNamespace();
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  client = new Client({ connection, namespace });
  asked = [];
  answer = Promise.withResolvers();
  return async () => {
    await native.close();
    await connection.close();
  };
}, START_TIMEOUT_MS);

function workflowsOf(workflowBundle: WorkflowBundle): Promise<Worker> {
  const { namespace } = client.options;
  return Worker.create({ connection: native, namespace, taskQueue: CAMPAIGN_TASK_QUEUE, workflowBundle });
}

async function dispatch({ tms, from }: DispatchInput): Promise<DispatchResult> {
  asked.push(`${tms} ${from}`);
  const beat = setInterval(() => heartbeat(), 500);
  await answer.promise.finally(() => clearInterval(beat));
  return { shards: [], remaining: 0 };
}

/** Runs `test` while both TMSs have a worker. */
async function withTms(test: () => Promise<void>): Promise<void> {
  const { namespace } = client.options;
  const workers = await Promise.all(
    ['alpha', 'beta'].map((tms) =>
      Worker.create({
        connection: native,
        namespace,
        taskQueue: tmsTaskQueue(tms),
        activities: { dispatch },
      }),
    ),
  );
  await workers.reduce<() => Promise<void>>((inner, worker) => () => worker.runUntil(inner), test)();
}

/** A wave as a campaign of today starts it; a terminal is a batch, and none is followed. */
function startWave(): Promise<WorkflowHandle<typeof campaignWave>> {
  const lanes = ['alpha', 'beta'].flatMap((tms) =>
    Array.from({ length: BATCHES }, (_, from) => ({ tms, from, to: from + 1 })),
  );
  const { polling, deadlineSeconds, retry, onFailure } = DEFAULT_POLICY;
  return client.workflow.start<typeof campaignWave>('campaignWave', {
    workflowId: 'wave',
    taskQueue: CAMPAIGN_TASK_QUEUE,
    args: [
      {
        campaignId: 'campaign',
        wave: 1,
        name: 'all',
        run: 0,
        targetVersion: '4.2.0',
        lanes,
        campaignTotal: lanes.length,
        step: 'update',
        rate: null,
        windowed: false,
        paused: false,
        policy: { polling, deadlineSeconds, retry, onFailure },
      },
    ],
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(50);
}

/** Today's worker ends the wave, and each batch was asked for once. */
async function expectEnd(wave: WorkflowHandle<typeof campaignWave>): Promise<void> {
  const worker = await workflowsOf(today);
  await worker.runUntil(async () => {
    answer.resolve();
    await wave.result();
  });
  expect(asked.toSorted()).toEqual(
    ['alpha', 'beta'].flatMap((tms) => Array.from({ length: BATCHES }, (_, from) => `${tms} ${from}`)),
  );
}

it('begun by a worker of yesterday it is carried on by one of today', () =>
  withTms(async () => {
    const wave = await startWave();
    const worker = await workflowsOf(yesterday);
    await worker.runUntil(() => until(() => asked.length === 16));
    await expectEnd(wave);
    expect(await failedTasks(client)).toEqual([]);
  }));

it('begun by a worker of today it waits, untouched by one of yesterday, for one of today', () =>
  withTms(async () => {
    const wave = await startWave();
    const worker = await workflowsOf(today);
    await worker.runUntil(() => until(() => asked.length === 2 * BATCHES));
    const stranger = await workflowsOf(yesterday);
    await wave.signal('waveCommand', 'resume');
    await stranger.runUntil(() => until(async () => (await failedTasks(client)).length > 0));
    expect((await wave.describe()).status.name).toBe('RUNNING');
    expect((await failedTasks(client))[0]).toMatch(/Nondeterminism/);
    await expectEnd(wave);
  }));
