import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { projectBatch, startProjector, type Projector } from '../../projections/projector.ts';
import { addEvents, clearProjections, created, life, sealEvents, type NewEvent } from '../projections/rig.ts';
import { TestApi } from '../api/test-api.ts';
import { type Ended, runTpe } from './tpe.ts';

let api: TestApi;
let projector: Projector | undefined;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await clearProjections(api.pool);
  await api.pool.query('TRUNCATE tpe, campaign, campaign_tpe, campaign_wave, outbox');
});
afterEach(async () => {
  await projector?.stop();
  projector = undefined;
});
afterAll(() => api.close());

function start(): void {
  const logger = { info: (): void => undefined, warn: (): void => undefined };
  projector = startProjector({ pool: api.pool, logger, archiveDir: '/nowhere', everyMs: 5 });
}

async function tell(events: readonly NewEvent[]): Promise<void> {
  await addEvents(api.pool, events);
  await sealEvents(api.pool);
  while ((await projectBatch(api.pool)).full);
}

function tpe(args: readonly string[]): Promise<Ended> {
  return runTpe(args, { url: api.url });
}

describe('tpe replay', () => {
  test('follows the replay to its end, and says that all is identical', async () => {
    await tell([created(randomUUID(), [3])]);
    start();
    const { code, out, err } = await tpe(['replay', '--by', 'anna', '--reason', 'an audit']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^DONE {2}\d+ events, position \d+ of \d+$/m);
    expect(out).toMatch(/\n\d+ events in \d+\.\d s\.\nThe projections are identical\.\n$/);
    const [row] = await api.rows('SELECT requested_by, reason FROM projection_rebuild');
    expect(row).toEqual({ requested_by: 'anna', reason: 'an audit' });
  });

  test('says what differed', async () => {
    await tell([created(randomUUID(), [3])]);
    await api.pool.query('UPDATE projection.terminal_status SET terminals = 2');
    start();
    const { code, out } = await tpe(['replay']);
    expect(code).toBe(0);
    expect(out).toContain('The projections differed in 1 row; the new ones are in use now.');
    expect(out).toMatch(/^terminal_status +1 {2}\{.*"live":2.*\}$/m);
  });

  test('writes JSON, the last line of which has the result', async () => {
    await tell([created(randomUUID(), [3])]);
    start();
    const { out } = await tpe(['replay', '--json']);
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ state: 'DONE', identical: true, differences: [], percent: 100 });
  });

  test('ends at once with --no-wait; a second one is refused', async () => {
    expect(await tpe(['replay', '--no-wait'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Replay [0-9a-f-]{36} was asked for\.\n$/),
    });
    const { code, err } = await tpe(['replay']);
    expect(code).toBe(1);
    expect(err).toContain('The projections are being made anew');
  });

  test('ends with 1 and the reason where the replay fails', async () => {
    await tell([created(randomUUID(), [3])]);
    await api.pool.query('UPDATE projection_rebuild SET failures = 0');
    const asked = tpe(['replay']);
    const failed = async (): Promise<boolean> => {
      const { rowCount } = await api.pool.query(
        `UPDATE projection_rebuild SET state = 'FAILED', error = 'The archive is gone.', ended_at = now()`,
      );
      return (rowCount ?? 0) > 0;
    };
    while (!(await failed())) await new Promise((resolve) => setTimeout(resolve, 20));
    const { code, err } = await asked;
    expect(code).toBe(1);
    expect(err).toContain(
      'The replay has failed: The archive is gone. The projections in use are as before.',
    );
  });
});

describe('tpe stats', () => {
  test('shows the statistics of a campaign, and over all', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    const at = new Date();
    await tell([
      created(campaignId, [9]),
      ...life(campaignId, { to: 'SUCCESS', at, seconds: 60 }),
      ...life(campaignId, {
        to: 'FAILED',
        at,
        seconds: 600,
        reason: 'failed:battery-low: 3 %',
        model: 'D210',
      }),
    ]);
    const one = await tpe(['stats', campaignId]);
    expect([one.code, one.err]).toEqual([0, '']);
    expect(one.out).toMatch(/^as of event \d+, /);
    expect(one.out).toMatch(/^SUCCESS +1$/m);
    expect(one.out).toMatch(/^2 updates have ended \(50 % success\), 1 of them failed$/m);
    expect(one.out).toMatch(/^failed:battery-low +1 +100$/m);
    expect(one.out).toMatch(/^MODEL +FAILED +ENDED +% SUCCESS\nD210 +1 +1 +0\nA920 +0 +1 +100$/m);
    expect(one.out).toMatch(/^SUCCESS +1 +60 s /m);

    const all = await tpe(['stats', '--from', '2020-01-01']);
    expect(all.out).toMatch(/^SCHEDULED +1$/m);
    expect(all.out).toMatch(/^failed:battery-low +1 +100$/m);
    expect(JSON.parse((await tpe(['stats', campaignId, '--json', '--step', '3600'])).out)).toMatchObject({
      campaignId,
      heatMap: { stepSeconds: 3_600 },
    });
  });

  test('ends with 1 for a campaign that there is not, and with 2 for a time that is none', async () => {
    expect((await tpe(['stats', randomUUID()])).code).toBe(1);
    const { code, err } = await tpe(['stats', '--from', 'yesterday']);
    expect(code).toBe(2);
    expect(err).toContain('It must be a date');
  });
});
