/** What the API finds wrong with a request, by the place in the form. */
import { ApiProblem } from '../../api/problem.ts';

export interface Fault {
  /** JSON pointer into the request. */
  pointer: string;
  message: string;
}

/** The faults of a refusal that name a place; none where it is of another kind. */
export function faultsOf(error: unknown): Fault[] {
  if (!(error instanceof ApiProblem)) return [];
  return (error.problem.errors ?? []).flatMap(({ pointer, message }) =>
    pointer === undefined ? [] : [{ pointer, message }],
  );
}

/** What is wrong at a place, in words; with `below`, also at what is in it. */
export function faultAt(faults: readonly Fault[], pointer: string, below = false): string | undefined {
  const found = faults.filter(
    (fault) => fault.pointer === pointer || (below && isBelow(fault.pointer, pointer)),
  );
  return found.length > 0
    ? [...new Set(found.map(({ message }) => message))].slice(0, 5).join('; ')
    : undefined;
}

function isBelow(pointer: string, place: string): boolean {
  return pointer.startsWith(`${place}/`);
}

/** Where a rule is wrong: code units of its text. */
export interface RuleFault {
  message: string;
  from: number;
  to: number;
  line: number;
  column: number;
}

/** The fault of the rule at a place; undefined where that rule is not to blame. */
export function ruleFaultOf(error: unknown, pointer: string): RuleFault | undefined {
  if (!(error instanceof ApiProblem) || error.code !== 'rule-invalid') return undefined;
  const { errors, offset = 0, length = 0, line = 1, column = 1 } = error.problem;
  const fault = errors?.find((each) => each.pointer === pointer);
  return fault && { message: fault.message, from: offset, to: offset + length, line, column };
}

const PLACES = ['/targetVersion', '/name', '/targets/rule', '/targets/group', '/targets/tpeIds'];

/** Every fault of a refusal is shown at its field, so that nothing else need be said. */
export function isPlaced(error: unknown, { how }: { how: 'template' | 'own' }): boolean {
  const faults = faultsOf(error);
  const places = how === 'own' ? [...PLACES, '/policy'] : PLACES;
  return (
    faults.length > 0 &&
    faults.every(({ pointer }) => places.some((place) => pointer === place || isBelow(pointer, place)))
  );
}
