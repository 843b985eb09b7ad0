export const NAIVE_TASK_QUEUE = 'bench-naive';

export interface NaiveInput {
  idTms: string[];
  /** Each child asks its TMS for the update; false: it only waits, which is the cost of a child itself. */
  asks: boolean;
}

export interface NaiveActivities {
  /** @throws TmsError for a call that failed */
  ask(idTms: string): Promise<void>;
}
