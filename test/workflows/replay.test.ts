/** Campaigns that were started by an earlier version must go on under this one. */
import { readdir, readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { HISTORIES, historyFromText } from './histories.ts';
import { prepareWorkflows } from './time-skipping.ts';

it('every recorded history replays on the workflows of today', async () => {
  const workflowBundle = await prepareWorkflows();
  const files = (await readdir(HISTORIES)).filter((file) => file.endsWith('.json'));
  const histories = await Promise.all(
    files.map(async (file) => ({
      workflowId: file.replace('.json', ''),
      history: historyFromText(await readFile(new URL(file, HISTORIES), 'utf8')),
    })),
  );
  const failed: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (error) failed.push(`${workflowId}: ${error.message}`);
  }
  expect(failed).toEqual([]);
  expect(files.length).toBeGreaterThanOrEqual(34);
});
