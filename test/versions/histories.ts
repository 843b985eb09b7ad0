/** What histories say about the workers that made them. */
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

/** News came just as the workflow was to end: it is given the news, and ends later. */
const BENIGN = temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;

/** "wave-…: Nondeterminism error …" for each step of each workflow that a worker could not do. */
export async function failedTasks(client: Client): Promise<string[]> {
  const failed: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { workflowTaskFailedEventAttributes: task } of events ?? []) {
      if (task && task.cause !== BENIGN) failed.push(`${workflowId}: ${task.failure?.message ?? ''}`);
    }
  }
  return failed;
}

/** The workers that have done steps of a workflow, by the names that they have in its history. */
export async function workersOf(client: Client, workflowId: string): Promise<Set<string>> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return new Set(
    (events ?? []).flatMap(
      ({ workflowTaskCompletedEventAttributes: task }) => task?.identity?.toString() ?? [],
    ),
  );
}
