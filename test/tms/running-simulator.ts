/** A simulator in this process, for one test. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, vi } from 'vitest';
import { createHardwareApi } from '../../tms/hardware-api.ts';
import type { SimulatorStats, TerminalTruth } from '../../tms/simulator/admin-routes.ts';
import { simulatorConfigSchema } from '../../tms/simulator/config.ts';
import { startSimulator } from '../../tms/simulator/simulator.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** What is to be closed after the test, in reverse order. */
export const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

export interface Running {
  origin: string;
  hardware: ReturnType<typeof createHardwareApi>;
  ids: { tpeId: string; idTms: string }[];
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;
  update: (index: number, key?: string) => Promise<Response>;
  stats: () => Promise<SimulatorStats>;
  truth: () => Promise<TerminalTruth[]>;
}

/**
 * Starts a simulator with the TMSs `acme`, with these settings, and `other`, and registers terminals at `acme`.
 * It ends with the test.
 */
export async function start(
  tms: Record<string, unknown> = {},
  { terminals = 20, ...rest }: Record<string, unknown> & { terminals?: number } = {},
): Promise<Running> {
  const simulator = await startSimulator(
    simulatorConfigSchema.parse({ tms: [{ name: 'acme', ...tms }, { name: 'other' }], ...rest }),
    { tmsPort: 0, hardwarePort: 0 },
  );
  closers.push(() => simulator.close());
  const origin = `http://127.0.0.1:${simulator.tmsPort}`;
  const hardware = createHardwareApi({
    url: `http://127.0.0.1:${simulator.hardwarePort}`,
    timeoutMs: 5_000,
    concurrency: 8,
  });
  closers.push(() => hardware.close());
  const ids = Array.from({ length: terminals }, (_, n) => ({ tpeId: randomUUID(), idTms: `T-${n}` }));
  const running: Running = {
    origin,
    hardware,
    ids,
    call: (method, path, body, headers) =>
      fetch(origin + path, {
        method,
        headers: headers ?? {},
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    update: (index, key) =>
      running.call(
        'POST',
        '/acme/updates',
        { idTms: ids[index]?.idTms, targetVersion: '4.2.0' },
        key ? { 'idempotency-key': key } : {},
      ),
    stats: async () => (await (await running.call('GET', '/stats')).json()) as SimulatorStats,
    truth: async () =>
      ((await (await running.call('GET', '/terminals')).json()) as { terminals: TerminalTruth[] }).terminals,
  };
  const fleet = ids.map((id) => ({ ...id, tms: 'acme', model: 'A920', site: 'Lyon-12', version: '4.1.0' }));
  expect((await running.call('POST', '/fleet', { terminals: fleet })).status).toBe(200);
  return running;
}
