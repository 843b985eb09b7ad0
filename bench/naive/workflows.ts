/**
 * How it would be done without dispatch in bulk: a child workflow per terminal, which makes the first call itself. For
 * measuring only.
 */
import { executeChild, ParentClosePolicy, proxyActivities, sleep } from '@temporalio/workflow';
import type { NaiveActivities, NaiveInput } from './types.ts';

/** Longer than any measurement: as a tracker's first look is minutes away. */
const FIRST_LOOK = '1 day';

/** Children of one parent: the measured optimum, as the platform has it (workflows/policy/sizing.ts). */
const SHARD_SIZE = 100;

const { ask } = proxyActivities<NaiveActivities>({ startToCloseTimeout: '30 seconds' });

export async function naiveCampaign({ idTms, asks }: NaiveInput): Promise<void> {
  const shards = Array.from({ length: Math.ceil(idTms.length / SHARD_SIZE) }, (_, shard) =>
    idTms.slice(shard * SHARD_SIZE, (shard + 1) * SHARD_SIZE),
  );
  await Promise.all(
    shards.map((some) =>
      executeChild(naiveShard, {
        args: [{ idTms: some, asks }],
        parentClosePolicy: ParentClosePolicy.TERMINATE,
      }),
    ),
  );
}

export async function naiveShard({ idTms, asks }: NaiveInput): Promise<void> {
  await Promise.all(
    idTms.map((each) =>
      executeChild(naiveTerminal, {
        args: [{ idTms: each, asks }],
        parentClosePolicy: ParentClosePolicy.TERMINATE,
      }),
    ),
  );
}

export async function naiveTerminal({ idTms, asks }: { idTms: string; asks: boolean }): Promise<void> {
  if (asks) await ask(idTms);
  await sleep(FIRST_LOOK);
}
