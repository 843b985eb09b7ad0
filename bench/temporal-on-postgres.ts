/** A Temporal server as in production, on PostgreSQL: one process of each service, thrown away afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertServerPortsFree, clusterLayout, frontends } from '../stack/cluster/layout.ts';
import { startTemporal } from '../stack/cluster/servers.ts';
import { openDataDir } from '../stack/data-dir.ts';
import { terminalProgress } from '../stack/progress.ts';
import { Supervisor } from '../stack/supervisor.ts';
import { cpuSeconds } from './processes.ts';

const ONE_EACH = { frontend: 1, history: 1, matching: 1, worker: 1 };
/** Away from a stack that runs by default ports. */
const PORT_OFFSET = 1_500;

export interface TemporalServers {
  /** CPU seconds that the services and their PostgreSQL have taken so far. */
  cpuSeconds: () => number;
}

/** @param work is given the address of the frontend */
export async function withTemporalOnPostgres<T>(
  work: (address: string, servers: TemporalServers) => Promise<T>,
): Promise<T> {
  const layout = clusterLayout(PORT_OFFSET, ONE_EACH);
  await assertServerPortsFree(layout);
  const folder = await mkdtemp(join(tmpdir(), 'tpe-bench-temporal-'));
  const dataDir = await openDataDir(folder);
  const progress = terminalProgress();
  const supervisor = new Supervisor(dataDir, progress);
  try {
    await startTemporal({ layout, supervisor, progress, dataDir: dataDir.path, namespace: 'default' });
    const names = [...layout.temporal.map(({ name }) => name), 'postgres'];
    const cpu = (): Record<string, number> => cpuSeconds({ process: (name) => supervisor.get(name) }, names);
    return await work(frontends(layout)[0] ?? '', {
      cpuSeconds: () => Object.values(cpu()).reduce((sum, seconds) => sum + seconds, 0),
    });
  } finally {
    await supervisor.stop();
    dataDir.release();
    await rm(folder, { recursive: true, force: true });
  }
}
