/** The cache of what the API has answered. */
import { QueryClient } from '@tanstack/react-query';
import { isPassing } from './problem.ts';

const RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // What is refused is refused again.
      retry: (failures, error) => failures < RETRIES && isPassing(error),
      // Whether there is a line is told by whether answers come: browsers only guess.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
