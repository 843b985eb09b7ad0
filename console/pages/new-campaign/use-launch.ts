/** Launches the campaign of the form, once. */
import { useRef, useState } from 'react';
import type { CampaignCreated } from '../../api/schema.ts';
import type { Draft } from './draft.ts';
import { launch } from './launch.ts';

export interface Launching {
  busy: boolean;
  /** What the launch of the form as it is now failed by; undefined where it did not. */
  error: unknown;
  run: (by: string) => void;
}

export function useLaunch(draft: Draft, onCreated: (created: CampaignCreated) => void): Launching {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ draft: Draft; error: unknown }>();
  // The state is of the last drawing: two clicks may come before the next one.
  const fired = useRef(false);

  async function run(by: string): Promise<void> {
    if (fired.current) return;
    fired.current = true;
    setBusy(true);
    setFailed(undefined);
    try {
      onCreated(await launch(draft, by));
    } catch (error) {
      setFailed({ draft, error });
    } finally {
      fired.current = false;
      setBusy(false);
    }
  }

  // A form that has been changed since is another one.
  return { busy, error: failed?.draft === draft ? failed.error : undefined, run: (by) => void run(by) };
}
