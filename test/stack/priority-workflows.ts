/** What the test of priorities runs. */
import { proxyActivities } from '@temporalio/workflow';

export interface Notes {
  note(word: string): Promise<void>;
}

/** Has a word noted, as an activity of this priority, 1 the highest. */
export async function noting(words: string[], priorityKey?: number): Promise<void> {
  const { note } = proxyActivities<Notes>({
    taskQueue: 'notes',
    startToCloseTimeout: '1 minute',
    ...(priorityKey !== undefined && { priority: { priorityKey } }),
  });
  await Promise.all(words.map((word) => note(word)));
}
