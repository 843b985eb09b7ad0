/** What shards and trackers ask of the database, over a made-up world. */
import type { RecordedEnd, TrackingActivities } from '../../activities/types.ts';
import { isFinalTpeStatus } from '../../workflows/status.ts';
import type { Row, World } from './world.ts';

export function trackingActivities(world: World): TrackingActivities {
  return {
    loadShard: async (_, shard, step) =>
      world
        .rowsWhere((row) => row.shard === shard)
        .filter(({ status, compensation }) =>
          step === 'update' ? !isFinalTpeStatus(status) : compensation === 'PENDING',
        )
        .map(({ tpe }) => tpe),
    beginRetry: async ({ tpeId, reason }) => {
      const row = world.row(tpeId);
      Object.assign(row, { status: 'PENDING', reason });
      beginAttempt(row);
    },
    beginTpeRollBack: async ({ tpeId }) => {
      const row = world.row(tpeId);
      row.compensation = 'PENDING';
      beginAttempt(row);
    },
    recordCompensation: async ({ tpeId, state, reason }) => {
      const row = world.row(tpeId);
      world.compensations.push({ tpeId, state, reason });
      row.compensation = state;
      if (state === 'ROLLED_BACK' && row.status === 'SUCCESS') {
        Object.assign(row, { status: 'CANCELLED', reason: 'rolled-back' });
      }
    },
    record: async (input) => {
      const row = world.row(input.tpeId);
      if (await world.note(input)) return undefined;
      return { status: row.status, reason: row.reason, version: input.version } as RecordedEnd;
    },
  };
}

function beginAttempt(row: Row): void {
  row.tpe = { ...row.tpe, attempt: row.tpe.attempt + 1 };
}
