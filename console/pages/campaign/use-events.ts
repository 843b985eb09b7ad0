/** What has happened to a campaign and its terminals, newest first. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useState } from 'react';
import { answer, api } from '../../api/client.ts';
import type { Event } from '../../api/schema.ts';

const PAGE = 50;
/** Pages that are read anew by themselves: more of them are, when somebody asks for it. */
const MAX_PAGES = 4;

export interface Events {
  events: Event[];
  loading: boolean;
  error: unknown;
  retry: () => void;
  /** Reads older ones; undefined where there are none. */
  more: (() => void) | undefined;
  /** Shows what has happened since; undefined while everything is shown. */
  showNew: (() => void) | undefined;
}

/** @param revision another number when something has happened */
export function useEvents(campaignId: string, revision: number): Events {
  const { data, error, isPending, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['campaign-events', campaignId],
    queryFn: ({ pageParam, signal }) => {
      const query = { order: 'desc', limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) } as const;
      const params = { path: { campaignId }, query };
      return answer(api.GET('/api/v1/campaigns/{campaignId}/events', { params, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const [behind, setBehind] = useState(false);
  const changed = useEffectEvent(() => {
    if ((data?.pages.length ?? 0) <= MAX_PAGES) void refetch();
    else setBehind(true);
  });
  useEffect(() => {
    if (revision > 0) changed();
  }, [revision]);
  return {
    events: data?.pages.flatMap(({ items }) => items) ?? [],
    loading: isPending,
    error,
    retry: () => void refetch(),
    more: hasNextPage ? () => void fetchNextPage() : undefined,
    showNew: behind
      ? () => {
          setBehind(false);
          void refetch();
        }
      : undefined,
  };
}
