/**
 * Records the histories that `replay.test.ts` replays. They stand for the campaigns that run in production
 * when a new version is deployed, so they are recorded anew only when a workflow's change is made compatible
 * (patched or versioned) or when no campaign of the old code can be running any more:
 *
 *     RECORD_HISTORIES=1 npx vitest run test/workflows/record-histories.test.ts
 */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { beforeAll, describe, it } from 'vitest';
import { campaignWorkflowId, shardWorkflowId, tpeWorkflowId, waveWorkflowId } from '../../workflows/names.ts';
import { DEFAULT_RETRY } from '../../workflows/policy/defaults.ts';
import type { CampaignPolicy } from '../../workflows/policy/types.ts';
import type { Behaviour } from './behaviour.ts';
import { startCampaign, until } from './campaigns.ts';
import { HISTORIES, historyToText } from './histories.ts';
import { smallShards } from './small-shards.ts';
import { skipTime } from './time-skipping.ts';

interface Scenario {
  behaviour: Behaviour;
  /** Signals to the campaign, by minute. */
  signals?: [minute: number, name: 'pause' | 'resume' | 'cancel'][];
  policy?: Partial<CampaignPolicy>;
}

const SCENARIOS: Record<string, Scenario> = {
  success: { behaviour: { says: [[2, 'INSTALLING']], runsTargetFrom: 70 } },
  failure: { behaviour: { says: [[8, 'FAILED']] } },
  unverified: { behaviour: { says: [[8, 'DONE']] } },
  paused: {
    behaviour: { runsTargetFrom: 100 },
    signals: [
      [12, 'pause'],
      [80, 'resume'],
    ],
  },
  cancelled: { behaviour: { cancel: 'cancelled', says: [[13, 'CANCELLED']] }, signals: [[12, 'cancel']] },
  retried: {
    behaviour: { failsInAttempts: [1], runsTargetFrom: 4 },
    policy: { retry: { ...DEFAULT_RETRY, attempts: 2 } },
  },
  'rolled-back': {
    behaviour: { runsTargetFrom: 4, says: [[1, 'INSTALLING']], failsInAttempts: [1] },
    policy: { onFailure: 'roll-back' },
  },
  'cancelled-too-late': { behaviour: { cancel: 'too-late', runsTargetFrom: 90 }, signals: [[12, 'cancel']] },
};

describe.runIf(process.env.RECORD_HISTORIES)('recording histories', () => {
  const time = skipTime();
  beforeAll(() => mkdir(HISTORIES, { recursive: true }));

  it.each(Object.entries(SCENARIOS))('%s', async (name, { behaviour, policy = {}, signals = [] }) => {
    await time.withWorld(async (world) => {
      world.behaviour = behaviour;
      world.policy = policy;
      const tpe = world.addTpe(1);
      world.addTpe(2);
      const campaignId = randomUUID();
      const handle = await startCampaign(time, campaignId);
      let now = 0;
      for (const [minute, signal] of signals) {
        await time.env.sleep((minute - now) * 60_000);
        await handle.signal(signal, { by: 'ops' });
        now = minute;
      }
      await handle.result();
      const workflows = {
        campaign: campaignWorkflowId(campaignId),
        wave: waveWorkflowId(campaignId, 0),
        shard: shardWorkflowId(campaignId, 0),
        tpe: tpeWorkflowId(campaignId, tpe.tpeId),
      };
      for (const [kind, workflowId] of Object.entries(workflows)) await record(kind, name, workflowId);
    });
  });

  it('a crowd that begins in turn', { timeout: 120_000 }, async () => {
    let isThere = false;
    await time.withWorld(
      async () => {
        const campaignId = randomUUID();
        await startCampaign(time, campaignId);
        await until(() => isThere);
        await time.env.client.workflow.getHandle(waveWorkflowId(campaignId, 0)).result();
        await record('wave', 'in-turn', waveWorkflowId(campaignId, 0));
        // More trackers than begin at once.
        await record('shard', 'in-turn', shardWorkflowId(campaignId, 0));
      },
      smallShards(time, 6, async () => {
        isThere = true;
      }),
    );
  });

  async function record(kind: string, scenario: string, workflowId: string): Promise<void> {
    const history = await time.env.client.workflow.getHandle(workflowId).fetchHistory();
    await writeFile(new URL(`${kind}-${scenario}.json`, HISTORIES), historyToText(history));
  }
});
