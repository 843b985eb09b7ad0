/** The gate between a wave and the next: its success rate, its soak time and its approval, in that order. */
import { condition } from '@temporalio/workflow';
import type { PlannedWave } from '../activities/types.ts';
import type { CampaignJournal } from './campaign-journal.ts';
import type { CampaignWatch } from './campaign-watch.ts';
import type { CommandDesk } from './command-desk.ts';
import { describeShortfall } from './policy/gates.ts';
import { describeInterval } from './policy/polling.ts';
import type { CampaignPolicy, FailureAction } from './policy/types.ts';

export interface GateOptions {
  desk: CommandDesk;
  watch: CampaignWatch;
  journal: CampaignJournal;
  policy: CampaignPolicy;
  /** Number of waves of the campaign. */
  waves: number;
  /** No further wave may start. */
  isOver: () => boolean;
}

/** Resolves once the wave after this one may start, or none may any more. */
export async function passGate({ wave, name }: PlannedWave, options: GateOptions): Promise<void> {
  const { desk, watch, journal, policy, waves, isOver } = options;
  const { gate } = policy.waves[wave - 1] ?? { gate: null };
  if (!gate) return;
  const advances = desk.advances;
  const isForced = (): boolean => isOver() || desk.advances > advances;
  desk.expectAdvance('by-order');
  await condition(() => isForced() || watch.gate(wave) !== 'open');
  if (!isForced() && watch.gate(wave) === 'short') {
    // Whoever paused before must not wave the gate through by resuming.
    await condition(() => isForced() || !desk.paused);
    const why = `wave ${wave} (${name}): ${describeShortfall(gate, watch.countsOf(wave))}`;
    journal.setState(wave, 'FAILED', why);
    act(desk, gate.onFailure, why);
    desk.expectAdvance('by-resume');
    journal.wait(`a decision: ${why}`);
    await condition(isForced);
  } else if (!isForced() && gate.soakSeconds > 0) {
    const until = Date.now() + gate.soakSeconds * 1000;
    journal.setState(wave, 'SOAKING', new Date(until).toISOString());
    journal.wait(`wave ${wave} of ${waves}, soaking ${describeInterval(gate.soakSeconds)}`, until);
    await condition(isForced, until - Date.now());
  }
  if (!isForced() && gate.approval) {
    const { approvals } = desk;
    desk.expectApproval(null);
    journal.setState(wave, 'AWAITING_APPROVAL');
    journal.wait(`somebody's approval of wave ${wave + 1}`);
    await condition(() => isForced() || desk.approvals > approvals);
  }
  await condition(() => isOver() || !desk.paused);
  desk.expectAdvance('never');
  journal.wait(null);
  if (!isOver()) journal.setState(wave, 'PASSED');
}

function act(desk: CommandDesk, action: FailureAction, why: string): void {
  if (action === 'pause') desk.pause(why);
  else desk.abort(action === 'roll-back', why);
}
