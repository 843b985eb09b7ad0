/** What people are to see of a campaign: written in the order in which it came about, beside the campaign's own work. */
import { CancellationScope } from '@temporalio/workflow';
import type { PlannedWave } from '../activities/types.ts';
import { platform } from './platform.ts';
import type { CampaignProgress, WaveState } from './types.ts';

export interface CampaignJournal {
  /** What the campaign waits for. */
  readonly waitingFor: CampaignProgress['waitingFor'];
  stateOf(wave: number): WaveState;
  /** Waves that are new to it are waiting. */
  expect(waves: readonly PlannedWave[]): void;
  setState(wave: number, state: WaveState, detail?: string | null): void;
  /** The campaign is stopped: what has neither passed its gate nor failed at it never will. */
  cancelWaves(): void;
  /** @param until epoch ms, where that is known */
  wait(what: string | null, until?: number): void;
  /** Has something written in its turn. */
  enqueue(write: () => Promise<void>): void;
  /** Resolves once everything so far is written. */
  written(): Promise<void>;
  /** The campaign has ended, and with it what it waits for. */
  close(): void;
}

export interface JournalOptions {
  campaignId: string;
  /** Called at once with each entry. */
  changed: () => void;
}

export function openCampaignJournal({ campaignId, changed }: JournalOptions): CampaignJournal {
  const states = new Map<number, WaveState>();
  let waitingFor: CampaignProgress['waitingFor'] = null;
  let writes = Promise.resolve();

  return {
    get waitingFor() {
      return waitingFor;
    },
    stateOf: (wave) => states.get(wave) ?? 'WAITING',
    expect(waves) {
      for (const { wave } of waves) if (!states.has(wave)) states.set(wave, 'WAITING');
    },
    setState,
    cancelWaves() {
      for (const [wave, state] of states) {
        if (state !== 'PASSED' && state !== 'FAILED') setState(wave, 'CANCELLED');
      }
    },
    wait,
    enqueue,
    written: () => writes,
    close: () => void (waitingFor = null),
  };

  function setState(wave: number, state: WaveState, detail: string | null = null): void {
    if (states.get(wave) === state) return;
    states.set(wave, state);
    enqueue(() => platform.recordWave({ campaignId, wave, state, detail }));
    changed();
  }

  function wait(what: string | null, until?: number): void {
    const next =
      what === null ? null : { what, until: until === undefined ? null : new Date(until).toISOString() };
    if (JSON.stringify(next) === JSON.stringify(waitingFor)) return;
    waitingFor = next;
    enqueue(() => platform.recordWaiting(campaignId, next));
    changed();
  }

  function enqueue(write: () => Promise<void>): void {
    writes = writes.then(() => CancellationScope.nonCancellable(write));
  }
}
