import { TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './policy-fields.module.css';

interface NumberFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What an empty field means. */
  placeholder?: string;
  error?: string | undefined;
}

/** A number of any kind; whether it fits is told by the API. */
export function NumberField({ label, value, onChange, placeholder, error }: NumberFieldProps): ReactNode {
  return (
    <TextInput
      size="xs"
      type="number"
      step="any"
      min="0"
      inputMode="decimal"
      className={classes.number}
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      placeholder={placeholder}
      error={error}
    />
  );
}
