import { Button, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useId, type ReactNode } from 'react';
import { CloseIcon, NewIcon } from '../../components/icons.ts';
import { messages } from './en.ts';
import { faultAt, type Fault } from './faults.ts';
import type { PolicyFieldsProps } from './policy-fields-props.ts';
import { DAYS, newFreeze, newWindow, type FreezeForm, type WindowForm } from './policy-form.ts';
import classes from './policy-fields.module.css';

/** When terminals may be asked for. */
export function MaintenanceFields({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const { windows, freezes } = form;
  const whole = faultAt(faults, '/policy/maintenance');
  return (
    <>
      {windows.map((window, index) => (
        <WindowRow
          key={window.id}
          window={window}
          index={index}
          faults={faults}
          onChange={(part) =>
            onChange({
              windows: windows.map((each) => (each.id === window.id ? { ...each, ...part } : each)),
            })
          }
          onRemove={() => onChange({ windows: windows.filter(({ id }) => id !== window.id) })}
        />
      ))}
      {freezes.map((freeze, index) => (
        <FreezeRow
          key={freeze.id}
          freeze={freeze}
          index={index}
          faults={faults}
          onChange={(part) =>
            onChange({
              freezes: freezes.map((each) => (each.id === freeze.id ? { ...each, ...part } : each)),
            })
          }
          onRemove={() => onChange({ freezes: freezes.filter(({ id }) => id !== freeze.id) })}
        />
      ))}
      {(windows.length > 0 || freezes.length > 0) && (
        <TimeZone value={form.timeZone} onChange={(timeZone) => onChange({ timeZone })} faults={faults} />
      )}
      {whole !== undefined && (
        <p className={classes.fault} role="status">
          {whole}
        </p>
      )}
      <div className={classes.row}>
        <AddButton
          label={t.addWindow}
          onClick={() => onChange({ windows: [...windows, newWindow(windows)] })}
        />
        <AddButton
          label={t.addFreeze}
          onClick={() => onChange({ freezes: [...freezes, newFreeze(freezes)] })}
        />
      </div>
    </>
  );
}

interface RowProps<R> {
  index: number;
  faults: readonly Fault[];
  onChange: (part: Partial<R>) => void;
  onRemove: () => void;
}

function WindowRow({
  window,
  index,
  faults,
  onChange,
  onRemove,
}: RowProps<WindowForm> & { window: WindowForm }): ReactNode {
  const t = useStore(messages);
  const n = String(index + 1);
  const place = `/policy/maintenance/windows/${index}`;
  return (
    <div className={classes.row} role="group" aria-label={t.windowNumber({ n })}>
      <div className={classes.days}>
        {DAYS.map((day) => (
          <button
            key={day}
            type="button"
            aria-pressed={window.days.includes(day)}
            onClick={() =>
              onChange({ days: DAYS.filter((each) => window.days.includes(each) !== (each === day)) })
            }
          >
            {t[day]}
          </button>
        ))}
      </div>
      {(['from', 'to'] as const).map((field) => (
        <TextInput
          key={field}
          size="xs"
          className={classes.time}
          label={field === 'from' ? t.windowFrom : t.windowTo}
          placeholder="22:00"
          maxLength={5}
          value={window[field]}
          onChange={(event) => onChange({ [field]: event.currentTarget.value })}
          error={faultAt(faults, `${place}/${field}`)}
        />
      ))}
      <RemoveButton label={t.removeWindow({ n })} onClick={onRemove} />
      <RowFault fault={faultAt(faults, `${place}/days`) ?? faultAt(faults, place)} />
    </div>
  );
}

function FreezeRow({
  freeze,
  index,
  faults,
  onChange,
  onRemove,
}: RowProps<FreezeForm> & { freeze: FreezeForm }): ReactNode {
  const t = useStore(messages);
  const n = String(index + 1);
  const place = `/policy/maintenance/freezes/${index}`;
  return (
    <div className={classes.row} role="group" aria-label={t.freezeNumber({ n })}>
      {(['from', 'to'] as const).map((field) => (
        <TextInput
          key={field}
          size="xs"
          type="date"
          className={classes.date}
          label={field === 'from' ? t.freezeFrom : t.freezeTo}
          value={freeze[field]}
          onChange={(event) => onChange({ [field]: event.currentTarget.value })}
          error={faultAt(faults, `${place}/${field}`)}
        />
      ))}
      <TextInput
        size="xs"
        className={classes.name}
        label={t.freezeReason}
        maxLength={200}
        value={freeze.reason}
        onChange={(event) => onChange({ reason: event.currentTarget.value })}
        error={faultAt(faults, `${place}/reason`)}
      />
      <RemoveButton label={t.removeFreeze({ n })} onClick={onRemove} />
      <RowFault fault={faultAt(faults, place)} />
    </div>
  );
}

interface TimeZoneProps {
  value: string;
  onChange: (value: string) => void;
  faults: readonly Fault[];
}

function TimeZone({ value, onChange, faults }: TimeZoneProps): ReactNode {
  const t = useStore(messages);
  const listId = useId();
  return (
    <>
      <TextInput
        size="xs"
        className={classes.name}
        label={t.timeZone}
        placeholder={t.timeZoneSites}
        list={listId}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={faultAt(faults, '/policy/maintenance/timeZone')}
      />
      <datalist id={listId}>
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

function RowFault({ fault }: { fault: string | undefined }): ReactNode {
  return (
    fault !== undefined && (
      <p className={classes.fault} role="status">
        {fault}
      </p>
    )
  );
}

interface ButtonProps {
  label: string;
  onClick: () => void;
}

function AddButton({ label, onClick }: ButtonProps): ReactNode {
  return (
    <Button variant="default" size="xs" leftSection={<NewIcon size={14} />} onClick={onClick}>
      {label}
    </Button>
  );
}

function RemoveButton({ label, onClick }: ButtonProps): ReactNode {
  return (
    <button type="button" className={classes.remove} aria-label={label} title={label} onClick={onClick}>
      <CloseIcon size={15} aria-hidden />
    </button>
  );
}
