import { describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { start } from './running-simulator.ts';

describe('faults switched on while it runs', () => {
  test('an outage begins and ends', async () => {
    const { call, update } = await start();
    await call('POST', '/faults', { tms: 'acme', outage: true });
    expect((await update(0)).status).toBe(503);
    await call('POST', '/faults', { tms: 'acme', outage: false });
    expect((await update(0)).status).toBe(202);
  });

  test.each([
    { answer: 'lost', carriedOut: 1 },
    { answer: 'half', carriedOut: 1 },
    { answer: 'cut', carriedOut: 0 },
  ])('an answer that is $answer breaks the connection', async ({ answer, carriedOut }) => {
    const { call, update, stats } = await start();
    await call('POST', '/faults', { answer: { with: answer, calls: ['request'] } });
    await expect(update(0).then((response) => response.text())).rejects.toThrow();
    expect((await stats()).accepted).toBe(carriedOut);
  });

  test.each([
    { answer: 'html', status: 200, body: '<!doctype html>', carriedOut: 1 },
    { answer: 'garbage', status: 200, body: '{"operationId":', carriedOut: 1 },
    { answer: 'shape', status: 200, body: '{"ok":true}', carriedOut: 1 },
    { answer: '500', status: 500, body: 'internal-error', carriedOut: 1 },
    { answer: '503', status: 503, body: 'unavailable', carriedOut: 0 },
    { answer: '429', status: 429, body: 'too-many-requests', carriedOut: 0 },
    { answer: '401', status: 401, body: 'unauthorised', carriedOut: 0 },
  ])('an answer can be $answer', async ({ answer, status, body, carriedOut }) => {
    const { call, update, stats } = await start();
    await call('POST', '/faults', { answer: { with: answer } });
    const response = await update(0);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(body);
    expect((await stats()).accepted).toBe(carriedOut);
  });

  test.each(['hang', 'late'])('a call with the answer %s is carried out and not answered', async (answer) => {
    const { call, origin, stats } = await start();
    await call('POST', '/faults', { answer: { with: answer } });
    const controller = new AbortController();
    const body = JSON.stringify({ idTms: 'T-0', targetVersion: '4.2.0' });
    const hanging = fetch(`${origin}/acme/updates`, { method: 'POST', body, signal: controller.signal });
    const outcome = expect(hanging).rejects.toThrow('enough');
    await eventually(async () => (await stats()).accepted).toBe(1);
    controller.abort(new Error('enough'));
    await outcome;
  });

  test('an answer ends by itself after its count, and concerns the named calls and TMS only', async () => {
    const { call, update } = await start();
    await call('POST', '/faults', { tms: 'acme', answer: { with: '503', calls: ['request'], count: 2 } });
    expect((await call('GET', '/acme/terminals')).status).toBe(200);
    expect((await call('GET', '/other/terminals')).status).toBe(200);
    expect([(await update(0)).status, (await update(0)).status, (await update(0)).status]).toEqual([
      503, 503, 202,
    ]);
  });

  test('states are reported backwards, and what the terminal runs is not touched by it', async () => {
    const { call, hardware, ids, update } = await start({}, { speed: 1_000_000 });
    for (const index of ids.keys()) await update(index);
    const states = async (): Promise<string[]> => {
      const operations = ids.map(({ idTms }) => ({ idTms, operationId: null }));
      const response = await call('POST', '/acme/operations:query', { operations });
      return ((await response.json()) as { operations: { state: string }[] }).operations.map(
        ({ state }) => state,
      );
    };
    await eventually(async () => new Set(await states())).toEqual(new Set(['DONE']));
    await call('POST', '/faults', { behaviour: { backwardsRate: 0.5 } });
    const [once, again] = [await states(), await states()];
    expect(new Set([...once, ...again])).toEqual(new Set(['QUEUED', 'DOWNLOADING', 'INSTALLING', 'DONE']));
    expect(again).not.toEqual(once);
    const [first] = ids;
    expect(await hardware.status(first?.tpeId ?? '')).toMatchObject({ runningVersion: '4.2.0' });
    await call('POST', '/faults', { behaviour: { backwardsRate: 0 } });
    expect(new Set(await states())).toEqual(new Set(['DONE']));
  });

  test('one setting of the behaviour changes and the others stay', async () => {
    const { call, update } = await start({ rejectReasons: ['contract-expired'], failRate: 0.25 });
    const response = await call('POST', '/faults', { tms: 'acme', behaviour: { rejectRate: 1 } });
    expect(await response.json()).toMatchObject({
      tms: { acme: { behaviour: { rejectRate: 1, failRate: 0.25 } } },
    });
    expect(await (await update(0)).json()).toMatchObject({ error: { code: 'contract-expired' } });
  });

  test.each([
    { body: { tms: 'nobody' }, message: 'nobody' },
    { body: { behaviour: { failRate: 2 } }, message: 'failRate' },
    { body: { behaviour: { falRate: 1 } }, message: 'falRate' },
    { body: { answer: { with: 'silence' } }, message: 'answer.with' },
  ])('a wrong fault $body is refused by name', async ({ body, message }) => {
    const { call } = await start();
    const response = await call('POST', '/faults', body);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
  });
});
