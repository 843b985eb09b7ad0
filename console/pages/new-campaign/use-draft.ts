/** The form: what is in it, and what changes it. */
import { useCallback, useEffect, useState } from 'react';
import { useSearch } from 'wouter';
import { useDebouncedValue } from '@mantine/hooks';
import { draftOf, forgetDraft, keepDraft, newKey, readDraft, type Draft } from './draft.ts';

/** A list of 100,000 ids is 4 MB: it is not written at each letter. */
const KEEP_MS = 300;

export interface DraftState {
  draft: Draft;
  change: (change: Partial<Draft>) => void;
  /** An empty form. */
  startAnew: () => void;
  /** The same form, as another campaign. */
  renewKey: () => void;
  /** It is launched: nothing is kept of it. */
  done: () => void;
}

export function useDraft(): DraftState {
  const search = useSearch();
  const [state, setState] = useState(() => ({ search, draft: readDraft(search) }));
  // A link to another form was followed.
  if (state.search !== search) setState({ search, draft: readDraft(search) });
  const set = useCallback(
    (make: (draft: Draft) => Draft) => setState((before) => ({ ...before, draft: make(before.draft) })),
    [],
  );
  const [settled] = useDebouncedValue(state, KEEP_MS);
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!over) keepDraft(settled.search, settled.draft);
  }, [settled, over]);
  // Nothing that was typed in the last moment is lost when the page is left.
  useEffect(() => {
    const keep = (): void => {
      if (!over) keepDraft(state.search, state.draft);
    };
    window.addEventListener('pagehide', keep);
    return () => window.removeEventListener('pagehide', keep);
  }, [state, over]);
  return {
    draft: state.draft,
    change: useCallback((change) => set((draft) => ({ ...draft, ...change })), [set]),
    startAnew: useCallback(() => set(() => draftOf('')), [set]),
    renewKey: useCallback(() => set((draft) => ({ ...draft, key: newKey() })), [set]),
    done: useCallback(() => {
      setOver(true);
      forgetDraft();
    }, []),
  };
}
