/** The terminals of a campaign that meet a filter: read page by page as they are scrolled to, kept up to date where they are seen. */
import { keepPreviousData, useInfiniteQuery, type InfiniteData } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useRef } from 'react';
import { answer, api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { CampaignTpe } from '../../api/schema.ts';
import { queryOf, type TerminalFilter } from './filters.ts';
import { refresher } from './refresher.ts';
import { pagesAt, readAnew, readPage, type TerminalPage } from './terminal-pages.ts';

const PAGE = 500;
const REFRESH_MS = 3_000;

type Pages = InfiniteData<TerminalPage, string | null>;

export interface Terminals {
  rows: CampaignTpe[];
  /** Nothing is known yet. */
  loading: boolean;
  /** There are more than `rows`. */
  hasMore: boolean;
  error: unknown;
  retry: () => void;
  /** Tells which rows are seen (included both): what follows is read, and kept up to date. */
  see: (first: number, last: number) => void;
}

/** @param revision another number when rows may have changed */
export function useTerminals(campaignId: string, filter: TerminalFilter, revision: number): Terminals {
  const query = queryOf(filter);
  const queryKey = ['campaign-terminals', campaignId, query];
  const read = (cursor: string | null, signal?: AbortSignal): ReturnType<typeof readList> =>
    readList(campaignId, { ...query, limit: PAGE, ...(cursor !== null && { cursor }) }, signal);
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => readPage((cursor) => read(cursor, signal), pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    // What nobody looks at is not kept up to date.
    gcTime: 0,
    // Comparing 30,000 rows costs more than drawing the few that are seen.
    structuralSharing: false,
  });
  const { data, error, isPending, hasNextPage, isFetching, isPlaceholderData, fetchNextPage, refetch } = list;
  const seen = useRef({ first: 0, last: 0 });
  const rows = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);

  const refreshing = useRef<ReturnType<typeof refresher>>(undefined);
  const readSeen = useEffectEvent(async () => {
    const before = queryClient.getQueryData<Pages>(queryKey);
    for (const index of before ? pagesAt(before.pages, seen.current.first, seen.current.last) : []) {
      const [page, cursor] = [before?.pages[index], before?.pageParams[index] ?? null];
      if (!page) continue;
      const fresh = await readAnew((from) => read(from), cursor, page);
      queryClient.setQueryData<Pages>(queryKey, (now) =>
        isSame(now, index, page, cursor) ? { ...now, pages: now.pages.with(index, fresh) } : now,
      );
    }
    // A page that is on its way is put behind those that were there when it was asked for.
    if (queryClient.isFetching({ queryKey, exact: true }) > 0) refreshing.current?.request();
  });
  useEffect(() => {
    const mine = (refreshing.current = refresher(() => readSeen(), REFRESH_MS));
    return () => mine.stop();
  }, []);
  useEffect(() => {
    if (revision > 0) refreshing.current?.request();
  }, [revision]);

  return {
    rows,
    loading: isPending,
    hasMore: hasNextPage,
    error,
    retry: () => void refetch(),
    see(first, last) {
      seen.current = { first, last };
      const idle = !isFetching && !isPlaceholderData && error === null;
      if (hasNextPage && idle && last + PAGE / 2 >= rows.length) void fetchNextPage();
    },
  };
}

/** Whether a page is still what it was when it was read anew. */
function isSame(
  now: Pages | undefined,
  index: number,
  { end }: TerminalPage,
  cursor: string | null,
): now is Pages {
  return now?.pages[index]?.end === end && now.pageParams[index] === cursor;
}

type ListQuery = ReturnType<typeof queryOf> & { limit: number; cursor?: string };

function readList(
  campaignId: string,
  query: ListQuery,
  signal?: AbortSignal,
): Promise<{ items: CampaignTpe[]; nextCursor: string | null }> {
  const params = { path: { campaignId }, query };
  return answer(api.GET('/api/v1/campaigns/{campaignId}/tpes', { params, ...(signal && { signal }) }));
}
