/** What the page reads: events that meet the filter, the names of campaigns, the chain. */
import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';
import { answer, api } from '../../api/client.ts';
import type { AuditArchives, AuditHead, FoundEvent } from '../../api/schema.ts';
import { askedOf, faultsOf, TEXTS, type Filter } from './filters.ts';

const PAGE = 100;
/** Campaigns whose names are known; of an older one the id is shown. */
const NAMES = 200;
const HEAD_MS = 15_000;

export interface Events {
  /** Undefined: none are known yet. */
  events: readonly FoundEvent[] | undefined;
  error: unknown;
  /** Others are being read. */
  busy: boolean;
  refresh: () => void;
  /** Reads the next page; undefined on the last one. */
  more: (() => void) | undefined;
}

/** @param filter as it is searched for, which is a moment after it was typed */
export function useEvents(filter: Filter): Events {
  const { last, from, to, order } = filter;
  const query = useInfiniteQuery({
    queryKey: ['events', ...TEXTS.map((name) => filter[name].trim()), last, from, to, order],
    queryFn: ({ pageParam, signal }) => {
      const asked = { ...askedOf(filter, Date.now()), order, limit: PAGE };
      const paged = pageParam === null ? asked : { ...asked, cursor: pageParam };
      return answer(api.GET('/api/v1/events', { params: { query: paged }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
    enabled: faultsOf(filter).size === 0,
  });
  const pages = query.data?.pages;
  const events = useMemo(() => pages?.flatMap(({ items }) => items), [pages]);
  return {
    events,
    error: query.error,
    busy: query.isFetching,
    refresh: () => void query.refetch(),
    more: query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : undefined,
  };
}

/** Names of campaigns by id. */
export function useCampaignNames(): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['campaign-names'],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/campaigns', { params: { query: { limit: NAMES } }, signal })),
  });
  return useMemo(() => new Map(data?.items.map(({ campaignId, name }) => [campaignId, name])), [data]);
}

export function useAuditHead(): UseQueryResult<AuditHead> {
  return useQuery({
    queryKey: ['audit-head'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/audit/head', { signal })),
    refetchInterval: HEAD_MS,
  });
}

export function useArchives(): UseQueryResult<AuditArchives> {
  return useQuery({
    queryKey: ['audit-archives'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/audit/archives', { signal })),
  });
}
