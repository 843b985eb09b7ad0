/** Fields of a form whose parts are named: `<NumberField label={t.attempts} {...part('attempts')} />`. */
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import { Button, Checkbox, NativeSelect, TextInput, type TextInputProps } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { NewIcon } from '../../components/icons.ts';
import { messages } from './en.ts';
import type { FailureAction } from './policy-form.ts';
import classes from './policy-fields.module.css';

interface Field<T> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  className?: string | undefined;
}

/** Binds a field to the part of the form that has this name. */
export function partsOf<F>(
  form: F,
  onChange: (change: Partial<F>) => void,
): <K extends keyof F>(name: K) => Pick<Field<F[K]>, 'value' | 'onChange'> {
  return (name) => ({
    value: form[name],
    onChange: (value) => onChange({ [name]: value } as unknown as Partial<F>),
  });
}

/** What changes a row among others, and takes it out. */
export function rowsOf<R extends { id: number }>(
  rows: readonly R[],
  onChange: (rows: R[]) => void,
): (row: R) => { onChange: (change: Partial<R>) => void; onRemove: () => void } {
  return ({ id }) => ({
    onChange: (change) => onChange(rows.map((each) => (each.id === id ? { ...each, ...change } : each))),
    onRemove: () => onChange(rows.filter((each) => each.id !== id)),
  });
}

type TextFieldProps = Field<string> & Omit<TextInputProps, 'value' | 'onChange' | 'size'>;

export function TextField({ onChange, ...rest }: TextFieldProps): ReactNode {
  return <TextInput size="xs" {...rest} onChange={(event) => onChange(event.currentTarget.value)} />;
}

/** A number of any kind; whether it fits is told by the API. The placeholder is what an empty field means. */
export function NumberField(props: TextFieldProps): ReactNode {
  return (
    <TextField type="number" step="any" min="0" inputMode="decimal" className={classes.number} {...props} />
  );
}

interface ChoiceFieldProps<T extends string> extends Field<T> {
  /** Its words by choice, in this order. */
  choices: Readonly<Record<T, string>>;
  error?: string | undefined;
}

export function ChoiceField<T extends string>({
  choices,
  onChange,
  ...rest
}: ChoiceFieldProps<T>): ReactNode {
  return (
    <NativeSelect
      size="xs"
      {...rest}
      onChange={(event) => onChange(event.currentTarget.value as T)}
      data={Object.entries<string>(choices).map(([value, label]) => ({ value, label }))}
    />
  );
}

/** What to do when too much fails. */
export function ActionField(props: Field<FailureAction>): ReactNode {
  const t = useStore(messages);
  const choices = { pause: t.actionPause, abort: t.actionAbort, 'roll-back': t.actionRollBack };
  return <ChoiceField {...props} choices={choices} />;
}

export function CheckField({ value, onChange, ...rest }: Field<boolean>): ReactNode {
  return <Checkbox {...rest} checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />;
}

/** What is wrong with no field of its own. */
export function RowFault({ fault }: { fault: string | undefined }): ReactNode {
  return (
    fault !== undefined && (
      <p className={classes.fault} role="status">
        {fault}
      </p>
    )
  );
}

export function AddButton({ label, onClick }: { label: string; onClick: () => void }): ReactNode {
  return (
    <Button variant="default" size="xs" leftSection={<NewIcon size={14} />} onClick={onClick}>
      {label}
    </Button>
  );
}
