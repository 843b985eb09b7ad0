/** The campaigns that the list shows, live. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useStore } from '@nanostores/react';
import { useMemo } from 'react';
import { answer, api } from '../../api/client.ts';
import { $live, CAMPAIGNS_KEY } from '../../live/campaigns.ts';
import { statusesOf, type Filter } from './filters.ts';
import { figuresOf, rowsOf, type Figures, type Rows } from './rows.ts';

/** As the script in index.html asks for it. */
const PAGE = 50;

export interface Campaigns {
  rows: Rows;
  /** Of all live campaigns, whatever the filter; undefined until they are known. */
  figures: Figures | undefined;
  /** Nothing is known yet. */
  loading: boolean;
  /** What it failed by. */
  error: unknown;
  retry: () => void;
  /** Reads the next page; undefined on the last one. */
  more: (() => void) | undefined;
}

/** @param filter its text as it is searched for, which is a moment after it was typed */
export function useCampaigns(filter: Filter): Campaigns {
  const search = filter.q.trim();
  const status = statusesOf(filter.show)?.join(',');
  const query = useInfiniteQuery({
    queryKey: [...CAMPAIGNS_KEY, status ?? '', search],
    queryFn: ({ pageParam, signal }) => {
      const asked = {
        limit: PAGE,
        ...(status !== undefined && { status }),
        ...(search !== '' && { search }),
        ...(pageParam !== null && { cursor: pageParam }),
      };
      return answer(api.GET('/api/v1/campaigns', { params: { query: asked }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });
  const { campaigns: streamed, complete } = useStore($live);
  const pages = query.data?.pages;
  const rows = useMemo(
    () => rowsOf(pages?.flatMap(({ items }) => items) ?? [], streamed, filter),
    [pages, streamed, filter],
  );
  const figures = useMemo(() => (complete ? figuresOf(streamed.values()) : undefined), [complete, streamed]);
  return {
    rows,
    figures,
    loading: pages === undefined && !complete,
    error: query.error,
    retry: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
  };
}
