/** The Temporal server in services on PostgreSQL, as `npm run cluster` starts it. */
import { Client, Connection } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';
import { clusterLayout, frontends, type Layout } from '../../stack/cluster/layout.ts';
import { startServers } from '../../stack/cluster/servers.ts';
import { freePort } from '../../stack/ports.ts';
import { silentProgress } from '../../stack/progress.ts';
import { superviseInFile } from './rig.ts';

/** A first run builds the server where it can't be downloaded. */
const TIMEOUT_MS = 900_000;
const NAMESPACE = 'bank';

const parts = superviseInFile(TIMEOUT_MS);
let layout: Layout;

beforeAll(async () => {
  const { dataDir, supervisor } = parts;
  layout = { ...clusterLayout(), kafka: [], postgresPort: await freePort() };
  for (const node of layout.temporal) {
    node.rpcPort = await freePort();
    node.membershipPort = await freePort();
    node.metricsPort = await freePort();
  }
  const context = { layout, supervisor, progress: silentProgress, dataDir: dataDir.path };
  await startServers({ ...context, namespace: NAMESPACE });
}, TIMEOUT_MS);

/** Starts a workflow; a node that has just gone makes the frontend refuse for a while. */
async function start(client: Client, workflowId: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const handle = await client.workflow.start('campaign', {
          workflowId,
          taskQueue: 'nobody',
          workflowIdConflictPolicy: 'USE_EXISTING',
          searchAttributes: { CampaignId: ['c1'] },
        });
        return handle.workflowId;
      },
      { timeout: 120_000 },
    )
    .toBe(workflowId);
}

test(
  'workflows of all shards are served by whichever nodes of a service are left',
  async () => {
    const [first = '', second = ''] = frontends(layout);
    const ids = Array.from({ length: 40 }, (_, index) => `w-${index}`);
    const before = await Connection.connect({ address: first });
    await Promise.all(
      ids.slice(0, 20).map((id) => start(new Client({ connection: before, namespace: NAMESPACE }), id)),
    );
    await before.close();

    for (const name of ['temporal-history-1', 'temporal-matching-1', 'temporal-frontend-1']) {
      const node = parts.supervisor.get(name);
      node.kill('SIGKILL');
      // Keeps it from being started again.
      await node.stop();
    }

    const connection = await Connection.connect({ address: second });
    const client = new Client({ connection, namespace: NAMESPACE });
    await Promise.all(ids.slice(20).map((id) => start(client, id)));
    const running = async (): Promise<number> =>
      (await client.workflow.count(`CampaignId = 'c1' AND ExecutionStatus = 'Running'`)).count;
    await expect.poll(running, { timeout: 120_000 }).toBe(ids.length);
    for (const id of ids) {
      expect((await client.workflow.getHandle(id).describe()).status.name).toBe('RUNNING');
    }
    await connection.close();
  },
  TIMEOUT_MS,
);
