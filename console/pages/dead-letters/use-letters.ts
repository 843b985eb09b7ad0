/** What the page reads: letters that meet the filter, how many are open, one letter with all of its value. */
import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { answer, api } from '../../api/client.ts';
import type { DeadLetter, DeadLetterSummary } from '../../api/schema.ts';
import { askedOf, isFaulty, keyOf, type Asked, type Filter } from './filters.ts';

const PAGE = 100;
/** Letters come while nobody does anything. */
const AGAIN_MS = 15_000;
const ALL = 'dead-letters';

export interface Letters {
  /** Undefined: none are known yet. */
  letters: readonly DeadLetter[] | undefined;
  error: unknown;
  /** Others are being read; not while the same ones are read again. */
  busy: boolean;
  /** Reads the next page; undefined on the last one. */
  more: (() => void) | undefined;
}

/** @param filter as it is searched for, which is a moment after it was typed */
export function useLetters(filter: Filter): Letters {
  const query = useInfiniteQuery({
    queryKey: [ALL, 'list', filter.state, ...keyOf(filter)],
    queryFn: ({ pageParam, signal }) => {
      const asked = {
        ...askedOf(filter, Date.now()),
        ...(filter.state !== 'all' && { state: filter.state }),
        ...(pageParam !== null && { cursor: pageParam }),
        limit: PAGE,
      };
      return answer(api.GET('/api/v1/dlq', { params: { query: asked }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
    enabled: !isFaulty(filter),
  });
  const pages = query.data?.pages;
  const letters = useMemo(() => pages?.flatMap(({ items }) => items), [pages]);
  return {
    letters,
    error: query.error,
    busy: query.isPlaceholderData || query.isFetchingNextPage,
    more: query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : undefined,
  };
}

/** The open ones by error: all, or those that meet a filter. */
export function useSummary(filter?: Filter): UseQueryResult<DeadLetterSummary> {
  return useQuery({
    queryKey: [ALL, 'summary', ...(filter ? keyOf(filter) : [])],
    queryFn: ({ signal }) => readSummary(filter ? askedOf(filter, Date.now()) : {}, signal),
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
    enabled: !filter || !isFaulty(filter),
  });
}

/** @throws ApiProblem, ApiUnreachable */
export function readSummary(asked: Asked, signal?: AbortSignal): Promise<DeadLetterSummary> {
  return answer(api.GET('/api/v1/dlq/summary', { params: { query: asked }, ...(signal && { signal }) }));
}

export function useLetter(deadLetterId: string): UseQueryResult<DeadLetter> {
  return useQuery({
    queryKey: [ALL, 'letter', deadLetterId],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/dlq/{deadLetterId}', { params: { path: { deadLetterId } }, signal })),
  });
}

/** Has everything that is shown of letters read anew. */
export function useRefresh(): () => void {
  const client = useQueryClient();
  return useCallback(() => void client.invalidateQueries({ queryKey: [ALL] }), [client]);
}
