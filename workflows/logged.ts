import { isCancellation, log } from '@temporalio/workflow';

/** For what a campaign does besides, and what fails only when what it is about is gone. */
export function logged(error: unknown): void {
  if (!isCancellation(error)) log.warn('a step besides the campaign has failed', { error });
}
