/** What the campaign would do, and whether its rule is right, a moment after each change of the form. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo } from 'react';
import { answer, api } from '../../api/client.ts';
import type { CampaignPreview } from '../../api/schema.ts';
import { missingOf, requestOf, type Draft } from './draft.ts';
import { faultsOf, ruleFaultOf, type Fault, type RuleFault } from './faults.ts';

/** A request per letter would be too many. */
const TYPING_MS = 400;

export const PREVIEW_KEY = ['new-campaign', 'preview'] as const;

export interface Preview {
  /** Of the form as it is, or as it was a moment ago: `current` tells. */
  found: CampaignPreview | undefined;
  /** It is of the form as it is now. */
  current: boolean;
  error: unknown;
  faults: readonly Fault[];
  retry: () => void;
}

export function usePreview(draft: Draft): Preview {
  const now = useMemo(() => (missingOf(draft).length === 0 ? previewed(draft) : undefined), [draft]);
  const [asked] = useDebouncedValue(now, TYPING_MS);
  const query = useQuery({
    queryKey: [...PREVIEW_KEY, asked],
    queryFn: ({ signal }) =>
      answer(api.POST('/api/v1/campaigns/preview', { body: JSON.parse(asked ?? '') as Body, signal })),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
    // The fleet changes while somebody thinks.
    staleTime: 10_000,
    gcTime: 60_000,
  });
  const settled = now !== undefined && now === asked;
  const { error } = query;
  return {
    found: now === undefined || error ? undefined : query.data,
    current: settled && query.isSuccess && !query.isPlaceholderData,
    error,
    faults: useMemo(() => faultsOf(error), [error]),
    retry: () => void query.refetch(),
  };
}

type Body = ReturnType<typeof requestOf>;

/** As text, so that equal requests are one. A name changes nothing of what it does. */
function previewed(draft: Draft): string {
  return JSON.stringify(requestOf({ ...draft, name: '' }));
}

export interface RuleCheck {
  fault: RuleFault | undefined;
  /** What it failed by otherwise. */
  error: unknown;
  /** Terminals that meet it now; undefined until they are counted. */
  terminals: number | undefined;
}

/** @param rule empty: nothing is checked */
export function useRuleCheck(rule: string): RuleCheck {
  const [asked] = useDebouncedValue(rule, TYPING_MS);
  const query = useQuery({
    queryKey: ['new-campaign', 'rule', asked],
    queryFn: ({ signal }) => answer(api.POST('/api/v1/rules/check', { body: { rule: asked }, signal })),
    enabled: asked.trim() !== '',
    staleTime: 10_000,
    gcTime: 60_000,
  });
  // A mark of what stood there before would point at something else.
  const settled = rule === asked && asked.trim() !== '';
  const { error } = query;
  const fault = useMemo(() => ruleFaultOf(error, '/rule'), [error]);
  return {
    fault: settled ? fault : undefined,
    error: settled && !fault ? error : null,
    terminals: settled ? query.data?.terminals : undefined,
  };
}
