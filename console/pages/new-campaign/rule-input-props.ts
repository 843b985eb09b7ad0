import type { RuleFault } from './faults.ts';
import type { Known } from './rule-language.ts';

/** What the rule editor and the plain field in its place take. */
export interface RuleInputProps {
  value: string;
  onChange: (rule: string) => void;
  label: string;
  /** An example. */
  hint: string;
  fault: RuleFault | undefined;
  known: Known;
}
