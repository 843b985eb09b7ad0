/** The tables of the projections, as the code that writes and compares them needs to know them. */

/** The projections in use, and those that a rebuild makes beside them. */
export type ProjectionSchema = 'projection' | 'projection_shadow';

interface ProjectionTable {
  /** Columns of the primary key, with their types. */
  keys: Readonly<Record<string, 'uuid' | 'integer' | 'smallint' | 'text' | 'timestamptz'>>;
  /** Columns that are sums, each a bigint. */
  sums: readonly string[];
}

/** By name; the checkpoint, which is no sum, is not among them. */
const PROJECTIONS = {
  terminal_status: { keys: { campaign_id: 'uuid', wave: 'integer', status: 'text' }, sums: ['terminals'] },
  compensation: { keys: { campaign_id: 'uuid', compensation: 'text' }, sums: ['terminals'] },
  outcome: {
    keys: { campaign_id: 'uuid', status: 'text', reason: 'text', tms: 'text', model: 'text', site: 'text' },
    sums: ['terminals'],
  },
  duration: {
    keys: { campaign_id: 'uuid', status: 'text', model: 'text', tms: 'text', bound: 'smallint' },
    sums: ['terminals', 'milliseconds'],
  },
  duration_minute: {
    keys: { campaign_id: 'uuid', minute: 'timestamptz', bound: 'smallint' },
    sums: ['terminals'],
  },
  final_minute: {
    keys: { campaign_id: 'uuid', minute: 'timestamptz', status: 'text' },
    sums: ['terminals'],
  },
} as const satisfies Record<string, ProjectionTable>;

export type ProjectionName = keyof typeof PROJECTIONS;
export const PROJECTION_NAMES = Object.keys(PROJECTIONS) as ProjectionName[];

/** The table as its general shape, for code that treats all alike. */
export function projectionTable(name: ProjectionName): ProjectionTable {
  return PROJECTIONS[name];
}
