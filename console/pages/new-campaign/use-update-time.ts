/** How long an update takes, by what the platform has seen. */
import { useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client.ts';

export interface UpdateTime {
  seconds: number;
  /** Half of the updates of the last 30 days took less; false: nothing is known, a guess. */
  measured: boolean;
}

const GUESS: UpdateTime = { seconds: 600, measured: false };

export function useUpdateTime(): UpdateTime {
  const { data } = useQuery({
    queryKey: ['new-campaign', 'update-time'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/statistics', { signal })),
    staleTime: 10 * 60_000,
  });
  const median = data?.durations.byStatus.find(({ value }) => value === 'SUCCESS')?.p50Seconds;
  return median ? { seconds: median, measured: true } : GUESS;
}
