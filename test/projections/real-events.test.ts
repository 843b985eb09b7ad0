/** The events that the platform really writes: what is counted of them must be what its own tables say. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  beginTpeRollBack,
  beginWaveRollBack,
  recordCompensations,
  type CompensationState,
} from '../../db/compensations.ts';
import { admitJoiners } from '../../db/campaign-join.ts';
import { beginRetry } from '../../db/retries.ts';
import { recordTransitions, type Transition } from '../../db/transitions.ts';
import { projectBatch } from '../../projections/projector.ts';
import { readState } from '../../projections/state.ts';
import { TestApi } from '../api/test-api.ts';
import { readContents, sealEvents } from './rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
afterAll(() => api.close());

const context = { topicPrefix: 'test.', actor: 'platform' };

test('a campaign with skips, retries, failures, joiners and roll-backs is counted as its tables have it', async () => {
  await api.fleet([
    ...Array.from({ length: 12 }, (_none, i) => ({ model: i % 2 ? 'A920' : 'D210', site: `S-${i % 3}` })),
    { version: '9.0.0' },
    { active: false },
  ]);
  const answer = await api.create({
    targetVersion: '9.0.0',
    targets: { all: true },
    policy: {
      waves: [{ name: 'canary', count: 4 }, { rest: true }],
      membership: 'dynamic',
      endAt: new Date(Date.now() + 86_400_000).toISOString(),
    },
  });
  expect(answer.status).toBe(201);
  const { campaignId } = answer.body;
  const tpes: { tpe_id: string }[] = await api.rows(
    `SELECT tpe_id FROM campaign_tpe WHERE campaign_id = $1 AND status = 'PENDING' ORDER BY wave, ordinal`,
    [campaignId],
  );
  const ids = tpes.map(({ tpe_id: id }) => id);
  expect(ids).toHaveLength(12);
  const [id0 = '', id1 = '', id2 = '', id3 = '', id4 = '', id5 = ''] = ids;
  const move = async (
    tpeId: string,
    status: Transition['status'],
    more: Partial<Transition> = {},
  ): Promise<void> => {
    const moved = await recordTransitions(api.pool, context, [
      { campaignId, tpeId, attempt: 1, status, operationId: `op-${tpeId}`, ...more },
    ]);
    expect(moved).toHaveLength(1);
  };
  for (const id of ids.slice(0, 8)) await move(id, 'REQUESTED');
  await move(id0, 'INSTALLING');
  await move(id0, 'SUCCESS', { version: '9.0.0' });
  await move(id1, 'SUCCESS', { version: '9.0.0' });
  await move(id2, 'FAILED', { reason: 'failed:battery-low: 3 % left' });
  await move(id3, 'TIMEOUT', { reason: 'unverified' });
  await beginRetry(api.pool, context, { campaignId, tpeId: id4, attempt: 1, reason: 'failed:x' });
  await move(id4, 'REQUESTED', { attempt: 2 });
  await move(id4, 'FAILED', { attempt: 2, reason: 'failed:x' });
  await move(id5, 'CANCELLED', { reason: 'cancelled' });
  await api.fleet([{}, {}]);
  expect(await admitJoiners(api.pool, campaignId, { tmsNames: ['alpha', 'beta'] })).toHaveLength(1);

  await beginTpeRollBack(api.pool, context, { campaignId, tpeId: id4, attempt: 2 });
  await beginWaveRollBack(api.pool, context, campaignId, 1, { first: 50, size: 100 });
  const compensate = (tpeId: string, state: CompensationState, attempt = 2): Promise<unknown> =>
    recordCompensations(api.pool, context, [{ campaignId, tpeId, attempt, state }]);
  await compensate(id0, 'REQUESTED');
  await compensate(id0, 'ROLLED_BACK');
  await compensate(id1, 'LEFT');
  await compensate(id2, 'REQUESTED');
  await compensate(id4, 'FAILED', 3);

  await sealEvents(api.pool);
  while ((await projectBatch(api.pool)).full);
  const contents = await readContents(api.pool, 'projection');
  const lines = async (columns: string, where = 'true'): Promise<string[]> => {
    const rows: { line: string }[] = await api.rows(
      `SELECT concat_ws(' | ', campaign_id, ${columns}, count(*)) AS line FROM campaign_tpe c JOIN tpe t USING (tpe_id)
       WHERE ${where} GROUP BY campaign_id, ${columns}`,
    );
    return rows.map(({ line }) => line).sort();
  };
  expect(contents.terminal_status).toEqual(await lines('wave, status'));
  expect(contents.compensation).toEqual(await lines('compensation', 'compensation IS NOT NULL'));
  expect(contents.compensation).toHaveLength(5);
  expect(contents.outcome).toEqual(
    await lines(
      `status, CASE WHEN status = 'SUCCESS' THEN '' ELSE substring(reason FROM '^[^:]*(?::[^:]*)?') END, c.tms, model, site`,
      'tpe_status_rank(status) = 3',
    ),
  );
  // Every update that was asked for and has ended: five of the campaign's own, and the one that was called off.
  const ended = contents.duration?.map((line) => Number(line.split(' | ')[5])) ?? [];
  expect(ended.reduce((sum, count) => sum + count, 0)).toBe(6);
  expect((await readState(api.pool)).skipped).toBe(0);
});
