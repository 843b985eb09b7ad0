/** The simulator over HTTP. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readSimulatorConfig, simulatorConfigSchema } from '../../tms/simulator/config.ts';
import { startSimulator } from '../../tms/simulator/simulator.ts';
import { eventually } from './eventually.ts';
import { start } from './running-simulator.ts';

test('an update that is done changes what the Hardware-API reports', async () => {
  const { update, hardware, ids, truth } = await start({}, { speed: 1_000_000 });
  const tpeId = ids[0]?.tpeId ?? '';
  expect(await hardware.status(tpeId)).toMatchObject({ reachable: true, runningVersion: '4.1.0' });
  expect((await update(0)).status).toBe(202);
  await eventually(() => hardware.status(tpeId)).toMatchObject({ reachable: true, runningVersion: '4.2.0' });
  expect((await truth())[0]).toMatchObject({
    version: '4.2.0',
    operations: [{ state: 'DONE', targetVersion: '4.2.0' }],
  });
});

test('a terminal that is off is out of reach of the Hardware-API, and so is one that is not known', async () => {
  const { update, hardware, ids } = await start({ offlineRate: 1, neverBackRate: 1 });
  await update(0);
  expect(await hardware.status(ids[0]?.tpeId ?? '')).toEqual({ reachable: false, reason: 'answered 504' });
  expect(await hardware.status(ids[1]?.tpeId ?? '')).toMatchObject({ reachable: true });
  expect(await hardware.status(randomUUID())).toEqual({ reachable: false, reason: 'answered 404' });
});

test('the statistics count by TMS and in all, keep the first and the last update call, and can be reset', async () => {
  const { call, update, stats, hardware, ids } = await start();
  const before = Date.now();
  await update(0, 'a');
  await update(0, 'a');
  const updates = [
    { idTms: 'T-1', targetVersion: '4.2.0' },
    { idTms: 'unknown', targetVersion: '4.2.0' },
  ];
  await call('POST', '/acme/updates:batch', { updates });
  await call('POST', '/acme/operations:query', { operations: [{ idTms: 'T-0' }, { idTms: 'T-1' }] });
  await call('POST', '/acme/operations:cancel', { operations: [{ idTms: 'T-0' }] });
  await hardware.status(ids[0]?.tpeId ?? '');
  const seen = await stats();
  const counts = {
    updateCalls: 3,
    updateTerminals: 4,
    accepted: 2,
    repeats: 1,
    rejected: 1,
    duplicates: 0,
    observeCalls: 1,
    observedOperations: 2,
    cancelCalls: 1,
    cancelled: 1,
  };
  expect(seen).toMatchObject({
    ...counts,
    byTms: { acme: counts, other: { updateCalls: 0, firstUpdateCallAt: null } },
    hardware: { calls: 1, unreachable: 0 },
  });
  expect(seen.firstUpdateCallAt).toBeGreaterThanOrEqual(before);
  expect(seen.lastUpdateCallAt).toBeGreaterThanOrEqual(seen.firstUpdateCallAt ?? Infinity);
  await call('POST', '/stats/reset');
  expect(await stats()).toMatchObject({ updateCalls: 0, firstUpdateCallAt: null, hardware: { calls: 0 } });
});

test('a lost answer is carried out, and the same terminal gets its answer at another try', async () => {
  const { update, stats, truth, ids } = await start({ lostAnswerRate: 0.5 });
  let lost = 0;
  for (const index of ids.keys()) {
    for (let answered = false; !answered;) {
      answered = await update(index, `key-${index}`).then(
        ({ status }) => status === 202,
        () => false,
      );
      if (!answered) lost++;
    }
  }
  expect(lost).toBeGreaterThan(0);
  const seen = await stats();
  expect(seen).toMatchObject({ accepted: ids.length, lostAnswers: lost, repeats: lost });
  for (const { operations } of await truth()) expect(operations).toHaveLength(1);
});

test('a TMS without idempotency keys carries out each of two equal calls and counts the duplicate', async () => {
  const { update, stats, truth } = await start({ idempotent: false });
  await update(0, 'key');
  await update(0, 'key');
  expect(await stats()).toMatchObject({ accepted: 2, duplicates: 1, repeats: 0 });
  expect((await truth())[0]?.operations).toHaveLength(2);
});

test('errors are answered 500, and half of them are carried out nevertheless', async () => {
  const { update, stats, ids } = await start({ errorRate: 1 }, { terminals: 60 });
  for (const index of ids.keys()) expect((await update(index)).status).toBe(500);
  const { accepted, errors } = await stats();
  expect(errors).toBe(60);
  expect(accepted).toBeGreaterThan(10);
  expect(accepted).toBeLessThan(50);
});

test('more calls than the rate limit are answered 429 with the time to wait', async () => {
  const { update, stats } = await start({ rateLimit: { requests: 3, perSeconds: 600 } });
  const answers = [await update(0), await update(1), await update(2), await update(3)];
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 429]);
  expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(500);
  expect(await stats()).toMatchObject({ accepted: 3, throttled: 1 });
});

test('a fleet can be posted as CSV, and other columns than those needed are ignored', async () => {
  const { origin, truth } = await start({}, { terminals: 0 });
  const row = `${randomUUID()},X-1,acme,A920,"Lyon, Part-Dieu",4.0.3,pilot`;
  const response = await fetch(`${origin}/fleet`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv; charset=utf-8' },
    body: `tpeId,idTms,tms,model,site,version,tags\r\n${row}\r\n`,
  });
  expect(await response.json()).toEqual({ registered: 1 });
  expect(await truth()).toMatchObject([{ idTms: 'X-1', version: '4.0.3', operations: [] }]);
});

test('a planned outage is answered 503 for its simulated time', async () => {
  const { update } = await start({ outages: [{ fromSeconds: 0, toSeconds: 1_000 }] });
  expect((await update(0)).status).toBe(503);
  const later = await start({ outages: [{ fromSeconds: 1_000_000, toSeconds: 2_000_000 }] });
  expect((await later.update(0)).status).toBe(202);
});

test('a TMS without bulk end points does not have them', async () => {
  const { call } = await start({ bulk: false });
  for (const path of ['/acme/updates:batch', '/acme/operations:query', '/acme/operations:cancel']) {
    expect((await call('POST', path, { updates: [], operations: [] })).status).toBe(404);
  }
});

describe('what is wrong is said', () => {
  const terminal = { tpeId: randomUUID(), idTms: 'X', tms: 'acme', model: 'A', site: 'S', version: '1' };

  test.each([
    { title: 'a bad UUID', rows: [terminal, { ...terminal, tpeId: 'x' }], message: /\[1\]\.tpeId/ },
    {
      title: 'an unknown TMS',
      rows: [terminal, { ...terminal, tms: 'nobody' }],
      message: /Terminal 2: no TMS nobody/,
    },
  ])('of a fleet with $title, of which nothing is registered', async ({ rows, message }) => {
    const { call, truth } = await start({}, { terminals: 0 });
    const response = await call('POST', '/fleet', { terminals: rows });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(message);
    expect(await truth()).toEqual([]);
  });

  test('of a call that is no JSON or lacks a field', async () => {
    const { origin, call } = await start();
    const noJson = await fetch(`${origin}/acme/updates`, { method: 'POST', body: '{' });
    expect([noJson.status, await noJson.text()]).toEqual([400, expect.stringContaining('not JSON')]);
    const noVersion = await call('POST', '/acme/updates', { idTms: 'T-0' });
    expect([noVersion.status, await noVersion.text()]).toEqual([
      400,
      expect.stringContaining('targetVersion'),
    ]);
  });

  test('of a path that does not exist, with those that do', async () => {
    const { call } = await start();
    const response = await call('GET', '/nobody/terminals');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('/acme, /other');
  });

  test('of a port that is taken', async () => {
    const { origin } = await start();
    const config = simulatorConfigSchema.parse({ tms: [{ name: 'acme' }] });
    const tmsPort = Number(new URL(origin).port);
    await expect(startSimulator(config, { tmsPort, hardwarePort: 0 })).rejects.toThrow(
      `Port ${tmsPort} is taken`,
    );
  });

  test.each([
    { config: '{"tms":[{"name":"acme","failRate":3}]}', message: 'tms[0].failRate' },
    { config: '{"tms":[{"name":"stats"}]}', message: 'tms[0].name' },
    { config: '{"tms":[]', message: 'JSON' },
    { config: 'no-such-file.json', message: 'no-such-file.json' },
  ])('of the configuration $config', ({ config, message }) => {
    expect(() => readSimulatorConfig(config)).toThrow(message);
  });
});
