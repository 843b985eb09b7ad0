/** The calls that the platform makes to the outside, made by bare loops without it: what it is measured against. */
import pLimit from 'p-limit';
import { Pool } from 'undici';
import type { Config } from '../config.ts';
import { type BenchPlatform, type Fleet, TARGET } from './campaign-bench.ts';

/** Terminals per status request, as the adapter has it by default. */
const OBSERVE_BULK = 200;

/**
 * Asks alpha to update each of `terminals` that only the simulator knows.
 * @param bulk terminals per call
 * @returns milliseconds from the first call to the last answer
 */
export async function bareTrigger(platform: BenchPlatform, terminals: number, bulk = 1): Promise<number> {
  const ids = Array.from({ length: terminals }, (_, index) => `bare-${index}`);
  await registerBare(platform, ids);
  const { concurrency } = alphaOf(platform).limits;
  const post = poster(platform.simulator, concurrency);
  const limit = pLimit(concurrency);
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: Math.ceil(terminals / bulk) }, (_, call) =>
      limit(async () => {
        const some = ids.slice(call * bulk, (call + 1) * bulk);
        const updates = some.map((idTms) => ({ idTms, targetVersion: TARGET }));
        if (bulk === 1) await post('/alpha/updates', updates[0], { 'idempotency-key': some[0] ?? '' });
        else {
          const keyed = updates.map((update) => ({ ...update, idempotencyKey: update.idTms }));
          await post('/alpha/updates:batch', { updates: keyed });
        }
      }),
    ),
  );
  const tookMs = Math.round(performance.now() - begun);
  await post.close();
  return tookMs;
}

/**
 * Looks once at each terminal of a fleet: in bulk at its TMS, one by one at the terminals.
 * @returns milliseconds from the first call to the last answer
 */
export async function bareLooks(platform: BenchPlatform, { tpeIds, idTms }: Fleet): Promise<number> {
  const { hardwareApi } = platform.config;
  const post = poster(platform.simulator, alphaOf(platform).limits.concurrency);
  const hardware = new Pool(hardwareApi.url, { connections: hardwareApi.concurrency, pipelining: 1 });
  const limit = pLimit(hardwareApi.concurrency);
  const begun = performance.now();
  for (let from = 0; from < tpeIds.length; from += OBSERVE_BULK) {
    const some = tpeIds.slice(from, from + OBSERVE_BULK);
    const operations = some.map((_, index) => ({ idTms: idTms[from + index], operationId: null }));
    await Promise.all([
      post('/alpha/operations:query', { operations }),
      ...some.map((tpeId) =>
        limit(async () => {
          const { body } = await hardware.request({ method: 'GET', path: `/tpe/${tpeId}/status` });
          await body.json();
        }),
      ),
    ]);
  }
  const tookMs = performance.now() - begun;
  await Promise.all([post.close(), hardware.close()]);
  return Math.max(1, Math.round(tookMs));
}

type Post = ((path: string, body: unknown, headers?: Record<string, string>) => Promise<void>) & {
  close: () => Promise<void>;
};

function poster(url: string, connections: number): Post {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<void> => {
    const answer = await pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    await answer.body.json();
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode}`);
  };
  return Object.assign(post, { close: () => pool.close() });
}

async function registerBare(platform: BenchPlatform, ids: readonly string[]): Promise<void> {
  const lines = ids.map(
    (idTms, index) =>
      `a0000000-0000-4000-8000-${String(index).padStart(12, '0')},${idTms},alpha,A920,Lyon-${index % 40},4.1.0`,
  );
  const registered = await fetch(`${platform.simulator}/fleet`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: ['tpeId,idTms,tms,model,site,version', ...lines].join('\n'),
  });
  if (!registered.ok) throw new Error(`The simulator refuses the fleet: ${await registered.text()}`);
}

function alphaOf({ config }: BenchPlatform): Config['tms'][number] {
  const [alpha] = config.tms;
  if (!alpha) throw new Error('No TMS is configured.');
  return alpha;
}
