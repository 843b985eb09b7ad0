/** A crowd's shards begin a few at a time, and one that never begins does not hold up the others for good. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TrackingActivities } from '../../activities/types.ts';
import { shardWorkflowId, waveWorkflowId } from '../../workflows/names.ts';
import { inWaves, startCampaign, until } from './campaigns.ts';
import { SHARDS, smallShards } from './small-shards.ts';
import { skipTimeInEachTest } from './time-skipping.ts';
import type { World } from './world.ts';

/** The most that begin at once. */
const AT_ONCE = 20;

const time = skipTimeInEachTest();

/** Shards whose terminals were asked for, in order; one that is tried again is there once. */
let asked: number[];
let begin: PromiseWithResolvers<void>;
beforeEach(() => {
  asked = [];
  begin = Promise.withResolvers();
});

/** Notes which shards begin, and does `load` for each. */
function oneEach(load: (shard: number) => Promise<void>): ReturnType<typeof smallShards> {
  return smallShards(time, 1, async (shard) => {
    if (!asked.includes(shard)) asked.push(shard);
    await load(shard);
  });
}

/** Events of the wave's history by type. */
async function waveHistory(campaignId: string): Promise<string[]> {
  const handle = time.env.client.workflow.getHandle(waveWorkflowId(campaignId, 0));
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => Object.keys(event).filter((key) => key.endsWith('Attributes')));
}

describe('the shards of a crowd', () => {
  it('begin a few at a time, the next one when one tells that it has begun', { timeout: 120_000 }, () =>
    time.withWorld(
      async () => {
        const campaignId = randomUUID();
        await startCampaign(time, campaignId);
        await until(() => asked.length >= AT_ONCE);
        await pause(500);
        expect(asked).toHaveLength(AT_ONCE);
        begin.resolve();
        await time.env.client.workflow.getHandle(waveWorkflowId(campaignId, 0)).result();
        expect(asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: SHARDS }, (_, shard) => shard));
        const history = await waveHistory(campaignId);
        const signals = history.filter((type) => type === 'workflowExecutionSignaledEventAttributes');
        expect(signals).toHaveLength(SHARDS);
      },
      oneEach(() => begin.promise),
    ),
  );

  it('do not wait for good for those that never tell', { timeout: 120_000 }, () =>
    time.withWorld(
      async () => {
        const campaignId = randomUUID();
        await startCampaign(time, campaignId);
        await until(() => asked.length > 0);
        await time.env.client.workflow.getHandle(waveWorkflowId(campaignId, 0)).result();
        expect(asked).toHaveLength(SHARDS);
      },
      oneEach(async () => {
        if (asked.length < SHARDS) throw ApplicationFailure.create({ message: 'the database is away' });
      }),
    ),
  );
});

it(
  'a shard that somebody cancels before it has begun leaves its wave to go on',
  { timeout: 120_000 },
  async () => {
    const test = async (world: World): Promise<void> => {
      inWaves(world, [2]);
      const campaignId = randomUUID();
      const handle = await startCampaign(time, campaignId);
      await until(() => asked.length > 0);
      await time.env.client.workflow.getHandle(shardWorkflowId(campaignId, 0)).cancel();
      await time.env.client.workflow.getHandle(waveWorkflowId(campaignId, 0)).result();
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { TIMEOUT: 2 } });
      begin.resolve();
    };
    await time.withWorld(test, ({ tracking }) => {
      Object.assign(tracking, {
        loadShard: async (_, shard) => {
          asked.push(shard);
          await begin.promise;
          return [];
        },
      } satisfies Partial<TrackingActivities>);
    });
  },
);
