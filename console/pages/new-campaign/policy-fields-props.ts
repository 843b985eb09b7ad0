import type { Fault } from './faults.ts';
import type { PolicyForm } from './policy-form.ts';

export interface PolicyFieldsProps {
  form: PolicyForm;
  onChange: (part: Partial<PolicyForm>) => void;
  faults: readonly Fault[];
}
