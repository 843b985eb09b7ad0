/** What Temporal must say of a campaign that has ended. */
import pLimit from 'p-limit';
import { setTimeout as sleep } from 'node:timers/promises';
import { campaignWorkflowId, tpeWorkflowId } from '../../workflows/names.ts';
import type { StatusCounts, TpeStatus } from '../../workflows/status.ts';
import { nameOf, type Ran, type Row, told, withinPatience } from './breach.ts';
import type { World } from './world.ts';

/** Nothing of the campaign is open, and what Temporal gives as its end is what the database says. */
export async function temporalBroken(
  world: World,
  { campaignId }: Ran,
  rows: readonly Row[],
): Promise<string[]> {
  const { workflow } = world.temporal;
  const result = (await withinPatience('the end of the campaign in Temporal', () =>
    workflow.getHandle(campaignWorkflowId(campaignId)).result(),
  )) as {
    counts: StatusCounts;
  };
  const counts = countBy(rows.map(({ status }) => status));
  const limit = pLimit(16);
  const tracked = await Promise.all(
    rows.map((row) =>
      limit(async () => {
        const handle = workflow.getHandle(tpeWorkflowId(campaignId, row.tpeId));
        const known = await withinPatience('a workflow', () =>
          handle.describe().catch((error: Error) => {
            if (error.name === 'WorkflowNotFoundError') return undefined;
            throw error;
          }),
        );
        if (!known) return { row, status: null };
        if (known.status.name !== 'COMPLETED') return { row, status: `workflow ${known.status.name}` };
        const outcome = (await withinPatience("a workflow's end", () => handle.result())) as {
          status: TpeStatus;
        };
        return { row, status: outcome.status };
      }),
    ),
  );
  const open = await openWorkflows(world, campaignId);
  return [
    ...(JSON.stringify(sorted(result.counts)) === JSON.stringify(sorted(counts))
      ? []
      : [
          `its workflow ended with ${JSON.stringify(result.counts)}, the database has ${JSON.stringify(counts)}`,
        ]),
    ...told(
      'has another end in Temporal',
      tracked
        .filter(({ row, status }) => (status === null ? row.asked : status !== row.status))
        .map(({ row, status }) => `${nameOf(row)}: ${status}`),
    ),
    ...told('is still open', open),
  ];
}

/** What is listed a moment late does not count. */
async function openWorkflows({ temporal }: World, campaignId: string): Promise<string[]> {
  const query = `CampaignId = '${campaignId}' AND ExecutionStatus = 'Running'`;
  let open: string[] = [];
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(500)) {
    open = await withinPatience('the list of open workflows', async () => {
      const ids: string[] = [];
      for await (const { workflowId } of temporal.workflow.list({ query })) ids.push(workflowId);
      return ids;
    });
    if (open.length === 0) return [];
  }
  return open;
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function sorted(counts: object): [string, number][] {
  return (Object.entries(counts) as [string, number][])
    .filter(([, count]) => count !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
