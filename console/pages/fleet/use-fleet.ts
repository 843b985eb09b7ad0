/** The terminals that are shown, and how many there are of each kind. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Group, Tpe, TpeSummary } from '../../api/schema.ts';

const PAGE = 100;
const GROUPS = 200;

/** Campaigns change versions all the time; a fleet is counted in a tenth of a second. */
const SUMMARY_MS = 30_000;

const FLEET_KEY = ['fleet'] as const;

/** What is shown is out of date. */
export function refreshFleet(): void {
  void queryClient.invalidateQueries({ queryKey: FLEET_KEY });
}

export interface Fleet {
  /** Undefined until the first page has come. */
  terminals: readonly Tpe[] | undefined;
  /** What is shown belongs to the filter before. */
  stale: boolean;
  error: unknown;
  retry: () => void;
  /** Reads the next page; undefined on the last one. */
  more: (() => void) | undefined;
  readsMore: boolean;
}

/** `all` is what the API does without a rule, faster. */
const asked = (rule: string): { rule?: string } => (rule === 'all' ? {} : { rule });

export function useFleet(rule: string): Fleet {
  const query = useInfiniteQuery({
    queryKey: [...FLEET_KEY, 'list', rule],
    queryFn: ({ pageParam, signal }) => {
      const cursor = pageParam === null ? {} : { cursor: pageParam };
      const parameters = { query: { ...asked(rule), limit: PAGE, ...cursor } };
      return answer(api.GET('/api/v1/tpes', { params: parameters, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });
  return {
    terminals: query.data?.pages.flatMap(({ items }) => items),
    stale: query.isPlaceholderData,
    error: query.error,
    retry: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    readsMore: query.isFetchingNextPage,
  };
}

/** Undefined until it is known. */
export function useSummary(rule: string): TpeSummary | undefined {
  const { data } = useQuery({
    queryKey: [...FLEET_KEY, 'summary', rule],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/tpes/summary', { params: { query: asked(rule) }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: SUMMARY_MS,
  });
  return data;
}

/** Named rules, as filters. */
export function useGroups(): readonly Group[] {
  const { data } = useQuery({
    queryKey: [...FLEET_KEY, 'groups'],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/groups', { params: { query: { limit: GROUPS } }, signal })),
  });
  return data?.items ?? [];
}
