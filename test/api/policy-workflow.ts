/** A campaign that takes changes of its policy, and nothing else; refuses to change its end. */
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { changePolicyUpdate } from '../../workflows/messages.ts';

export async function campaign(): Promise<void> {
  setHandler(changePolicyUpdate, ({ change }) => Object.keys(change), {
    validator: ({ change }) => {
      if (change.endAt !== undefined) throw ApplicationFailure.nonRetryable('the end is too near');
    },
  });
  await condition(() => false);
}
