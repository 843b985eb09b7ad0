import { useCallback, useEffect, useState } from 'react';

/** After this time it is no longer said that something is asked for: it was without effect, or was seen before. */
const MAX_MS = 20_000;

/**
 * What was asked of the campaign and is not seen in it yet, in words, and what notes it.
 * @param mark what changes when the campaign has taken it
 */
export function useWaitingFor(mark: string): [string | undefined, (words: string) => void] {
  const [asked, setAsked] = useState<{ words: string; mark: string }>();
  const note = useCallback((words: string) => setAsked({ words, mark }), [mark]);
  useEffect(() => {
    if (!asked) return undefined;
    const timer = setTimeout(() => setAsked(undefined), MAX_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  return [asked?.mark === mark ? asked.words : undefined, note];
}
