/** What there is to choose from: the fleet's models, sites, versions, TMSs and tags, groups, policy templates. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { answer, api } from '../../api/client.ts';
import type { Group, PolicyTemplate, Site, TpeShares } from '../../api/schema.ts';
import { readAll } from './read-all.ts';
import type { Known } from './rule-language.ts';

/** It changes by imports and by people, not by the minute. */
const STALE_MS = 5 * 60_000;
/** Sites that are enough to propose, and to know the time zone of most terminals. */
const SITES = 500;
/** Groups, and templates, that are read: a list to choose from is of no use long before. */
export const MOST_NAMED = 5_000;

export interface Choices {
  /** Undefined until they are known. */
  groups: readonly Group[] | undefined;
  templates: readonly PolicyTemplate[] | undefined;
  /** There are more than are listed. */
  groupsCut: boolean;
  templatesCut: boolean;
  /** Versions that the fleet runs, those of the most terminals first. */
  versions: readonly { version: string; terminals: number }[];
  known: Known;
  /** The time zone of the most terminals. */
  zone: string;
  error: unknown;
  retry: () => void;
}

export function useChoices(): Choices {
  const fleet = useQuery({
    queryKey: ['new-campaign', 'fleet'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/tpes/summary', { signal })),
    staleTime: STALE_MS,
  });
  const sites = useQuery({
    queryKey: ['new-campaign', 'sites'],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/sites', { params: { query: { limit: SITES } }, signal })),
    staleTime: STALE_MS,
  });
  const tags = useQuery({
    queryKey: ['new-campaign', 'tags'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/tags', { signal })),
    staleTime: STALE_MS,
  });
  const groups = useQuery({
    queryKey: ['new-campaign', 'groups'],
    queryFn: ({ signal }) =>
      readAll(MOST_NAMED, (query) => answer(api.GET('/api/v1/groups', { params: { query }, signal }))),
  });
  const templates = useQuery({
    queryKey: ['new-campaign', 'templates'],
    queryFn: ({ signal }) =>
      readAll(MOST_NAMED, (query) =>
        answer(api.GET('/api/v1/policy-templates', { params: { query }, signal })),
      ),
  });
  const known = useMemo<Known>(
    () => ({
      models: namesOf(fleet.data?.byModel),
      versions: namesOf(fleet.data?.byVersion),
      tms: namesOf(fleet.data?.byTms),
      sites: sites.data?.items.map(({ site }) => site) ?? namesOf(fleet.data?.bySite),
      tags: tags.data?.items.map(({ tag }) => tag) ?? [],
      groups: groups.data?.items.map(({ name }) => name) ?? [],
    }),
    [fleet.data, sites.data, tags.data, groups.data],
  );
  return {
    groups: groups.data?.items,
    templates: templates.data?.items,
    groupsCut: groups.data?.cut ?? false,
    templatesCut: templates.data?.cut ?? false,
    versions: useMemo(() => versionsOf(fleet.data?.byVersion), [fleet.data]),
    known,
    zone: useMemo(() => zoneOf(sites.data?.items ?? []), [sites.data]),
    error: groups.error ?? templates.error,
    retry: () => {
      void groups.refetch();
      void templates.refetch();
    },
  };
}

function namesOf(shares: TpeShares | undefined): string[] {
  return shares?.items.flatMap(({ value }) => value ?? []) ?? [];
}

function versionsOf(shares: TpeShares | undefined): Choices['versions'] {
  return (
    shares?.items.flatMap(({ value, terminals }) =>
      value === null ? [] : [{ version: value, terminals }],
    ) ?? []
  );
}

/** Where nothing is known of sites, that of this machine. */
export function zoneOf(sites: readonly Pick<Site, 'timeZone' | 'terminals'>[]): string {
  const terminals = new Map<string, number>();
  for (const site of sites)
    terminals.set(site.timeZone, (terminals.get(site.timeZone) ?? 0) + site.terminals);
  const [most] = [...terminals].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
