import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi } from '../api/test-api.ts';
import { type Ended, runTpe } from './tpe.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE campaign_wave, policy_template');
});
afterAll(() => api.close());

function tpe(args: readonly string[], input = ''): Promise<Ended> {
  return runTpe(args, { url: api.url, input });
}

describe('tpe campaign', () => {
  test('create takes a policy file and a start, and approve a name', async () => {
    await api.fleet([{}, {}]);
    const policy = JSON.stringify({
      approval: 'four-eyes',
      waves: [{ name: 'canary', count: 1 }, { rest: true }],
    });
    const startAt = '2099-01-01T00:00:00Z';
    const args = ['--version', '9.0.0', '--all', '--policy', '-', '--start-at', startAt, '--by', 'anna'];
    const created = await tpe(['campaign', 'create', ...args, '--json'], policy);
    expect(created).toMatchObject({ code: 0, err: '' });
    const { campaignId, status } = JSON.parse(created.out);
    expect(status).toBe('PENDING_APPROVAL');

    const refused = await tpe(['campaign', 'approve', campaignId, '--by', 'anna']);
    expect(refused.code).toBe(1);
    const approved = await tpe(['campaign', 'approve', campaignId, '--by', 'ben']);
    expect(approved.out).toBe(`Campaign ${campaignId} was told to approve.\n`);
    await api.pool.query(`UPDATE campaign SET waiting_for = '{"what": "an approval", "until": null}'`);
    const { out } = await tpe(['campaign', 'show', campaignId]);
    expect(out).toMatch(/^waits for +an approval$/m);
    expect(out).toMatch(/^ +1 {2}canary +WAITING +1 +0 +0/m);
  });

  test('retry makes a new campaign of what failed', async () => {
    const [first] = await api.fleet([{}, {}]);
    const campaignId = await api.campaign();
    await api.pool.query(
      `UPDATE campaign_tpe SET status = 'FAILED', reason = CASE tpe_id WHEN $1::uuid THEN 'failed:x' ELSE 'failed:y' END`,
      [first],
    );
    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED'`);
    const args = ['campaign', 'retry', campaignId, '--reason-code', 'failed:x', '--status', 'FAILED'];
    const { code, out } = await tpe([...args, '--by', 'ben', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ targets: 1, status: 'SCHEDULED' });
  });

  test('cancel takes force or a roll-back, not both', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    expect((await tpe(['campaign', 'cancel', campaignId, '--roll-back'])).code).toBe(0);
    expect((await tpe(['campaign', 'cancel', campaignId, '--roll-back', '--force'])).code).toBe(2);
    const change = ['campaign', 'policy', campaignId, '--change', '-'];
    expect((await tpe(change, '{"waves":[]}')).err).toContain('is fixed when the campaign starts');
  });
});
