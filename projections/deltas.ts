/** What a batch of events changes in the projections: sums by key, so that each row is written once per batch. */
import { PROJECTION_NAMES, type ProjectionName } from './tables.ts';

/** A row of a projection and by how much its sums change. */
export interface Delta {
  keys: readonly (string | number)[];
  sums: number[];
}

export class Deltas {
  readonly #tables = new Map<ProjectionName, Map<string, Delta>>(
    PROJECTION_NAMES.map((name) => [name, new Map<string, Delta>()]),
  );

  /**
   * Adds to the sums of a row.
   * @param keys in the order of the table's key
   * @param sums in the order of the table's sums
   */
  add(name: ProjectionName, keys: Delta['keys'], ...sums: number[]): void {
    const table = this.#tables.get(name);
    // No text of PostgreSQL has this character.
    const id = keys.join('\u0000');
    const delta = table?.get(id);
    if (delta) for (const [i, sum] of sums.entries()) delta.sums[i] = (delta.sums[i] ?? 0) + sum;
    else table?.set(id, { keys, sums });
  }

  /** The rows of a projection that change; those whose changes have cancelled each other out are not among them. */
  of(name: ProjectionName): Delta[] {
    return [...(this.#tables.get(name)?.values() ?? [])].filter(({ sums }) => sums.some((sum) => sum !== 0));
  }
}
