/** The projections: how far they are, and making them anew. */
import { findLastRebuild, requestRebuild, type Rebuild } from '../../projections/rebuild-requests.ts';
import { readState } from '../../projections/state.ts';
import { actorOf } from '../context.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { projections, rebuild, replayRequest, type RebuildBody } from '../schemas/statistics.ts';
import { percentOf, toAsOf } from '../statistics.ts';

const read = defineRoute({
  method: 'get',
  path: `${BASE}/projections`,
  operationId: 'getProjections',
  tag: 'statistics',
  summary: 'How far the projections are, and their last rebuild',
  replies: { 200: { description: 'The state of the projections.', schema: projections } },
  async handle({ deps: { pool } }) {
    const [state, last] = await Promise.all([readState(pool), findLastRebuild(pool)]);
    const { events, skipped } = state;
    return {
      status: 200,
      body: { asOf: toAsOf(state), events, skipped, lastRebuild: last ? toRebuild(last) : null },
    };
  },
});

const replay = defineRoute({
  method: 'post',
  path: `${BASE}/projections/replay`,
  operationId: 'replayProjections',
  tag: 'statistics',
  summary: 'Make the projections anew from all events',
  description:
    'Counts every event again beside the projections in use, compares both and puts the new ones in their place. `GET /api/v1/projections` tells how far it is.',
  body: replayRequest,
  bodyKind: 'optional-json',
  replies: { 202: { description: 'It begins as soon as a projector looks.', schema: rebuild } },
  problems: ['replay-running'],
  async handle({ deps: { pool }, context, body: { by, reason } }) {
    const made = await requestRebuild(pool, {
      by: actorOf(context, by),
      reason: reason ?? null,
      correlationId: context.correlationId,
      traceparent: context.traceparent,
    });
    if (!made) throw await isRunning(pool);
    return { status: 202, body: toRebuild(made) };
  },
});

async function isRunning(pool: Parameters<typeof findLastRebuild>[0]): Promise<Problem> {
  const running = await findLastRebuild(pool);
  const since = running
    ? ` since ${running.requestedAt.toISOString()}, asked for by ${running.requestedBy}`
    : '';
  return new Problem('replay-running', {
    detail: `The projections are being made anew${since}.`,
    extensions: { rebuildId: running?.rebuildId },
  });
}

function toRebuild(row: Rebuild): RebuildBody {
  const until = row.endedAt?.getTime() ?? Date.now();
  return {
    rebuildId: row.rebuildId,
    state: row.state,
    by: row.requestedBy,
    reason: row.reason,
    requestedAt: row.requestedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    seconds: row.startedAt ? Math.max(0, until - row.startedAt.getTime()) / 1_000 : null,
    position: row.position,
    targetPosition: row.targetPosition,
    percent: row.state === 'DONE' ? 100 : (percentOf(row.position, row.targetPosition ?? 0) ?? 0),
    events: row.events,
    skipped: row.skipped,
    identical: row.differences && row.differences.length === 0,
    differences:
      row.differences?.map(({ projection, cells, examples }) => ({ projection, rows: cells, examples })) ??
      null,
    failures: row.failures,
    error: row.error,
  };
}

export const projectionRoutes: Route[] = [read, replay];
