import { NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { shared } from '../i18n/en.ts';
import { fromInput, isBackwards, SPANS, toInput, type Span, type TimeRange } from './time-range.ts';
import classes from './time-range-field.module.css';

const WORDS = {
  any: 'timeAny',
  hour: 'timeHour',
  day: 'timeDay',
  week: 'timeWeek',
  month: 'timeMonth',
  between: 'timeBetween',
} as const satisfies Record<Span, string>;

interface TimeRangeFieldProps {
  /** Of what the time is. */
  label: string;
  value: TimeRange;
  onChange: (change: Partial<TimeRange>) => void;
}

/** Takes a span of time. */
export function TimeRangeField({ label, value, onChange }: TimeRangeFieldProps): ReactNode {
  const t = useStore(shared);
  return (
    <div className={classes.range} data-between={value.last === 'between'}>
      <NativeSelect
        aria-label={label}
        value={value.last}
        onChange={(event) => {
          const last = SPANS.find((span) => span === event.currentTarget.value) ?? 'any';
          onChange(last === 'between' ? { last } : { last, from: '', to: '' });
        }}
        data={SPANS.map((span) => ({ value: span, label: t[WORDS[span]] }))}
      />
      {value.last === 'between' && (
        <>
          <Moment label={t.timeFrom} value={value.from} onChange={(from) => onChange({ from })} />
          <Moment
            label={t.timeTo}
            value={value.to}
            onChange={(to) => onChange({ to })}
            error={isBackwards(value) ? t.timeBackwards : undefined}
          />
        </>
      )}
    </div>
  );
}

interface MomentProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
}

function Moment({ label, value, onChange, error }: MomentProps): ReactNode {
  return (
    <TextInput
      type="datetime-local"
      aria-label={label}
      title={label}
      // Not controlled: while a part is missing the browser gives no value, and would lose the others.
      defaultValue={toInput(value)}
      onChange={(event) => {
        const given = fromInput(event.currentTarget.value);
        if (given !== '' || event.currentTarget.validity.valid) onChange(given);
      }}
      error={error}
    />
  );
}
