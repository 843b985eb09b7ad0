/** Versions as rules compare them. */
import { leavesOf, type OrderOperator, type Rule } from './ast.ts';

/**
 * How the versions that the fleet runs compare to those that rules mention: for each mentioned one, -1, 0 or 1 for
 * every version that has an order. The order itself is the database's (`version_key`).
 */
export type VersionOrder = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Dotted numbers without a suffix: "4.2" and "4.2.0" are the same version. */
const PLAIN = /^[0-9]{1,15}(\.[0-9]{1,15})*$/;

/** The versions that rules mention in a comparison by order. */
export function versionsIn(rules: readonly Rule[]): string[] {
  const versions = new Set<string>();
  for (const leaf of rules.flatMap((rule) => [...leavesOf(rule)])) {
    if (leaf.kind === 'order') versions.add(leaf.version);
    if (leaf.kind === 'is' && leaf.field === 'version')
      for (const value of leaf.values) if (PLAIN.test(value)) versions.add(value);
  }
  return [...versions];
}

const HOLDS: Record<OrderOperator, (sign: number) => boolean> = {
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
};

/** The versions of the fleet that are below, above … a version. */
export function versionsThat(operator: OrderOperator, version: string, order: VersionOrder): string[] {
  return [...(order.get(version) ?? [])].flatMap(([each, sign]) => (HOLDS[operator](sign) ? [each] : []));
}

/** The versions of the fleet that are one of these: the same numbers where both are nothing but numbers, else the same text. */
export function versionsEqualTo(values: readonly string[], order: VersionOrder): string[] {
  const equal = new Set(values);
  for (const value of values) {
    for (const [each, sign] of order.get(value) ?? []) if (sign === 0 && PLAIN.test(each)) equal.add(each);
  }
  return [...equal];
}
