/**
 * The tests that every adapter must pass. They run against the vendor's TMS, or a simulation of it, behind a
 * proxy that spoils the answers; `reference.test.ts` shows how an adapter calls them.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { tmsConfigSchema, type TmsConfig } from '../../config.ts';
import type { TmsAdapter, TmsCapabilities, UpdateRequest } from '../../tms/contract.ts';
import { TmsError } from '../../tms/errors.ts';
import { guardTms } from '../../tms/guard.ts';
import { createTmsAdapter } from '../../tms/registry.ts';
import { startHttpFaultProxy, type Fault, type HttpFaultProxy } from '../support/http-fault-proxy.ts';
import { eventually } from './eventually.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface ContractTms {
  /** Where the TMS is. */
  url: string;
  /**
   * The ids of its terminals, at least 100, none of them being updated. An update that it accepts stays in a
   * state that can be cancelled for the time of the tests.
   */
  terminals: string[];
  close(): Promise<void>;
}

export interface ContractSubject {
  /** Folder under `tms/`. */
  adapter: string;
  capabilities: Partial<TmsCapabilities>;
  start(): Promise<ContractTms>;
}

const TARGET = '9.1.0';

/** Faults of a whole call, the kind of error, and whether the request may have been taken. */
const FAULTS: { title: string; fault: Fault; kind: string; taken: boolean; retryAfterMs?: number }[] = [
  { title: 'a connection cut before the answer', fault: { kind: 'lost' }, kind: 'unreachable', taken: true },
  { title: 'a connection cut in the answer', fault: { kind: 'half' }, kind: 'unreachable', taken: true },
  {
    title: 'a page of HTML',
    fault: { kind: 'instead', status: 200, body: '<!doctype html><h1>Please sign in</h1>' },
    kind: 'protocol',
    taken: true,
  },
  {
    title: 'a page of HTML with status 404',
    fault: { kind: 'instead', status: 404, body: '<!doctype html><h1>Not Found</h1>' },
    kind: 'protocol',
    taken: true,
  },
  {
    title: 'half an object',
    fault: { kind: 'instead', status: 200, body: '{"operationId":"1' },
    kind: 'protocol',
    taken: true,
  },
  {
    title: 'an empty answer',
    fault: { kind: 'instead', status: 200, body: '' },
    kind: 'protocol',
    taken: true,
  },
  {
    title: 'JSON of another shape',
    fault: { kind: 'instead', status: 200, body: '{"ok":true}' },
    kind: 'protocol',
    taken: true,
  },
  { title: 'status 500', fault: { kind: 'instead', status: 500, body: '{}' }, kind: 'server', taken: true },
  {
    title: 'status 503',
    fault: { kind: 'refuse', status: 503, headers: { 'retry-after': '7' } },
    kind: 'server',
    taken: true,
    retryAfterMs: 7_000,
  },
  {
    title: 'status 429',
    fault: { kind: 'refuse', status: 429, headers: { 'retry-after': '3' } },
    kind: 'overloaded',
    taken: false,
    retryAfterMs: 3_000,
  },
  { title: 'status 401', fault: { kind: 'refuse', status: 401 }, kind: 'unauthorised', taken: false },
];

/** Declares the contract tests of one adapter in one mode of its TMS. */
export function describeTmsContract(title: string, subject: ContractSubject): void {
  describe(title, () => {
    let tms: ContractTms;
    let proxy: HttpFaultProxy;
    let adapter: TmsAdapter;
    let free: string[];

    beforeAll(async () => {
      tms = await subject.start();
      free = [...tms.terminals];
      proxy = await startHttpFaultProxy(tms.url);
      adapter = createTmsAdapter(configFor(proxy.url));
    });
    afterAll(async () => {
      await adapter.close();
      await proxy.close();
      await tms.close();
    });
    beforeEach(() => {
      proxy.fault = null;
    });

    const bulk = Math.min(subject.capabilities.requestBulk ?? 1, 10);
    const canCancel = subject.capabilities.cancelBulk !== 0;

    function configFor(url: string): TmsConfig {
      return tmsConfigSchema.parse({
        name: 'tested',
        adapter: subject.adapter,
        url,
        capabilities: subject.capabilities,
      });
    }

    /** Requests for terminals that no other test uses. */
    function requestsFor(count: number): UpdateRequest[] {
      return free.splice(0, count).map((idTms) => ({
        idTms,
        tpeId: randomUUID(),
        targetVersion: TARGET,
        idempotencyKey: `${randomUUID()}:${idTms}:1`,
      }));
    }

    async function accept(requests: UpdateRequest[]): Promise<{ idTms: string; operationId: string }[]> {
      const results = await adapter.requestUpdates(requests);
      return requests.map(({ idTms }, index) => {
        const result = results[index];
        if (result?.outcome !== 'accepted') throw new Error(`${idTms}: ${JSON.stringify(result)}`);
        return { idTms, operationId: result.operationId };
      });
    }

    test('every terminal that is asked for gets an operation of its own, which is then known', async () => {
      const operations = await accept(requestsFor(bulk));
      expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(bulk);
      const reports = (await Promise.all(operations.map((operation) => adapter.observe([operation])))).flat();
      expect(reports.map(({ operationId, targetVersion }) => ({ operationId, targetVersion }))).toEqual(
        operations.map(({ operationId }) => ({ operationId, targetVersion: TARGET })),
      );
      for (const { state } of reports)
        expect(['QUEUED', 'DOWNLOADING', 'INSTALLING', 'DONE', 'FAILED']).toContain(state);
    });

    test('a terminal that the TMS does not know is rejected with a reason, and no other is with it', async () => {
      const [known] = requestsFor(1);
      const unknown = {
        idTms: 'no-such-terminal',
        tpeId: randomUUID(),
        targetVersion: TARGET,
        idempotencyKey: 'x:y:1',
      };
      const asked = known && bulk > 1 ? [unknown, known] : [unknown];
      const [rejected, ...others] = await adapter.requestUpdates(asked);
      expect(rejected).toEqual({ outcome: 'rejected', reason: expect.stringMatching(/./) as string });
      expect(others.map(({ outcome }) => outcome)).toEqual(asked.slice(1).map(() => 'accepted'));
    });

    if (subject.capabilities.idempotent ?? true) {
      test('the same key again gives the same operation', async () => {
        const requests = requestsFor(bulk);
        expect(await accept(requests)).toEqual(await accept(requests));
      });
    }

    test('what a terminal has been asked for can be found without the operation id', async () => {
      const [asked, notAsked] = requestsFor(2);
      if (!asked || !notAsked) throw new Error('too few terminals');
      const [operation] = await accept([asked]);
      const find = async ({ idTms }: UpdateRequest) =>
        (await adapter.observe([{ idTms, operationId: null }]))[0];
      expect(await find(asked)).toMatchObject({ operationId: operation?.operationId, targetVersion: TARGET });
      expect(await find(notAsked)).toMatchObject({ state: 'UNKNOWN', operationId: null });
    });

    test('an operation that the TMS does not know is UNKNOWN, not an error', async () => {
      const [{ idTms }] = requestsFor(1) as [UpdateRequest];
      expect(await adapter.observe([{ idTms, operationId: 'no-such-operation' }])).toMatchObject([
        { state: 'UNKNOWN' },
      ]);
    });

    if ((subject.capabilities.observeBulk ?? 200) > 1) {
      test('bulk reports come in the order in which they were asked for', async () => {
        const operations = await accept(requestsFor(bulk));
        const asked = [...operations, { idTms: 'no-such-terminal', operationId: null }].toReversed();
        const reports = await adapter.observe(asked);
        expect(reports.map(({ operationId }) => operationId)).toEqual(
          asked.map(({ operationId }) => operationId),
        );
        expect(reports[0]?.state).toBe('UNKNOWN');
      });
    }

    if (canCancel) {
      test('an operation that has not begun is cancelled, and cancelled again without harm', async () => {
        const [operation] = (await accept(requestsFor(1))) as [{ idTms: string; operationId: string }];
        expect(await adapter.cancel([operation])).toEqual([{ outcome: 'cancelled' }]);
        expect(await adapter.cancel([operation])).toEqual([{ outcome: 'cancelled' }]);
        expect(await adapter.observe([operation])).toMatchObject([{ state: 'CANCELLED' }]);
      });

      test('cancelling what the TMS does not know says so', async () => {
        const [{ idTms }] = requestsFor(1) as [UpdateRequest];
        expect(await adapter.cancel([{ idTms, operationId: null }])).toEqual([{ outcome: 'unknown' }]);
      });
    }

    test('the pages of the inventory hold every terminal once', async () => {
      const seen: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page = await adapter.inventory(cursor);
        seen.push(...page.terminals.map(({ idTms }) => idTms));
        if (page.cursor === null) break;
        cursor = page.cursor;
      }
      expect(seen.toSorted()).toEqual(tms.terminals.toSorted());
    });

    describe.each(FAULTS)('$title', ({ fault, kind, taken, retryAfterMs }) => {
      test(`is the error ${kind}, of which is known whether the request may have been taken`, async () => {
        const requests = requestsFor(1);
        proxy.fault = fault;
        const error = await adapter.requestUpdates(requests).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(TmsError);
        expect(error).toMatchObject({ kind, mayHaveBeenTaken: taken, retryAfterMs });
        await expect(adapter.observe([{ idTms: 'x', operationId: null }])).rejects.toMatchObject({ kind });
      });
    });

    test('a TMS that nobody listens for is unreachable and has taken nothing', async () => {
      const gone = await startHttpFaultProxy(tms.url);
      await gone.close();
      const caller = createTmsAdapter(configFor(gone.url));
      const error = await caller.requestUpdates(requestsFor(1)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'TmsError', kind: 'unreachable', mayHaveBeenTaken: false });
      await caller.close();
    });

    test('an answer that is lost leaves the terminal unknown, and asking again finds what was taken', async () => {
      const requests = requestsFor(1);
      const [{ idTms }] = requests as [UpdateRequest];
      const guarded = guardTms(adapter, configFor(proxy.url).limits);
      proxy.fault = { kind: 'lost' };
      expect(await guarded.requestUpdates(requests)).toMatchObject([{ outcome: 'unknown' }]);
      proxy.fault = null;
      const [report] = await guarded.observe([{ idTms, operationId: null }]);
      expect(report).toMatchObject({ targetVersion: TARGET, operationId: expect.any(String) as string });
      if (adapter.capabilities.idempotent) {
        expect(await accept(requests)).toEqual([{ idTms, operationId: report?.operationId }]);
      }
    });

    test('a TMS that does not answer is given up in time, and its terminals are unknown', async () => {
      const { limits } = configFor(proxy.url);
      const guarded = guardTms(adapter, { ...limits, timeoutMs: 100 });
      proxy.fault = { kind: 'hang' };
      expect(await guarded.requestUpdates(requestsFor(1))).toMatchObject([{ outcome: 'unknown' }]);
      await expect(guarded.observe([{ idTms: 'x', operationId: null }])).rejects.toMatchObject({
        kind: 'timeout',
      });
    });

    test('an aborted call throws the reason of its signal', async () => {
      proxy.fault = { kind: 'hang' };
      const controller = new AbortController();
      const before = proxy.calls;
      const call = adapter.observe([{ idTms: 'x', operationId: null }], { signal: controller.signal });
      const outcome = expect(call).rejects.toThrow('paused');
      await eventually(() => proxy.calls).toBe(before + 1);
      controller.abort(new Error('paused'));
      await outcome;
    });
  });
}
