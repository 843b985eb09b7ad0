import { Context } from '@temporalio/activity';
import { loadRequested } from '../db/campaign-tpe.ts';
import type { Pool } from '../db/pool.ts';
import type { TmsAdapter } from '../tms/contract.ts';
import { operationOf } from './observe.ts';
import type { Recorder } from './recorder.ts';

/**
 * Asks a TMS to cancel whatever it has not begun of a campaign. What it confirms is CANCELLED; the rest is
 * followed to its end. Harmless when repeated.
 */
export async function cancelUpdates(
  { pool, adapter, recorder }: { pool: Pool; adapter: TmsAdapter; recorder: Recorder },
  campaignId: string,
): Promise<void> {
  const limit = adapter.capabilities.cancelBulk;
  if (limit === 0) return;
  let after = -1;
  for (;;) {
    const tpes = await loadRequested(pool, campaignId, adapter.name, { after, limit });
    const last = tpes.at(-1);
    if (!last) return;
    after = last.ordinal;
    const results = await adapter.cancel(tpes.map(operationOf));
    await recorder.recordAll(
      tpes.flatMap(({ tpeId, attempt }, index) =>
        results[index]?.outcome === 'cancelled'
          ? [{ campaignId, tpeId, attempt, status: 'CANCELLED', reason: 'cancelled', tmsState: 'CANCELLED' }]
          : [],
      ),
    );
    Context.current().heartbeat({ after });
  }
}
