/** A terminal, its campaigns, and everything that has happened to it. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { TimelineEvent, TpeDetail } from '../../api/schema.ts';
import { isOpen } from './history.ts';

/** While it is being updated, and otherwise: somebody may start a campaign. */
const BUSY_MS = 2_000;
const QUIET_MS = 30_000;

const EVENTS = 100;

const keyOf = (tpeId: string): string[] => ['terminal', tpeId];

/** Reads what is shown anew. */
export function refreshTerminal(tpeId: string): void {
  void queryClient.invalidateQueries({ queryKey: keyOf(tpeId) });
}

export interface Terminal {
  terminal: TpeDetail | undefined;
  error: unknown;
  retry: () => void;
}

export function useTerminal(tpeId: string): Terminal {
  const query = useQuery({
    queryKey: keyOf(tpeId),
    queryFn: ({ signal }) => answer(api.GET('/api/v1/tpes/{tpeId}', { params: { path: { tpeId } }, signal })),
    refetchInterval: ({ state }) => (state.data?.campaigns.some(isOpen) ? BUSY_MS : QUIET_MS),
  });
  return { terminal: query.data, error: query.error, retry: () => void query.refetch() };
}

export interface Timeline {
  /** Newest first; undefined until they are known. */
  events: readonly TimelineEvent[] | undefined;
  error: unknown;
  retry: () => void;
  more: (() => void) | undefined;
}

/** Read anew whenever the terminal has changed. */
export function useTimeline({ tpeId, campaigns }: TpeDetail): Timeline {
  const changed = campaigns.reduce((last, { lastUpdate }) => (lastUpdate > last ? lastUpdate : last), '');
  const query = useInfiniteQuery({
    queryKey: [...keyOf(tpeId), 'events', campaigns.length, changed],
    queryFn: ({ pageParam, signal }) => {
      const asked = { limit: EVENTS, ...(pageParam !== null && { cursor: pageParam }) };
      return answer(
        api.GET('/api/v1/tpes/{tpeId}/events', { params: { path: { tpeId }, query: asked }, signal }),
      );
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });
  return {
    events: query.data?.pages.flatMap(({ items }) => items),
    error: query.error,
    retry: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
  };
}
