import { useStore } from '@nanostores/react';
import { useId, type ReactNode } from 'react';
import { RemoveButton } from '../../components/remove-button.tsx';
import { messages } from './en.ts';
import { faultAt, type Fault } from './faults.ts';
import { AddButton, partsOf, RowFault, rowsOf, TextField } from './fields.tsx';
import type { PolicyFieldsProps } from './policy-fields-props.ts';
import { DAYS, newFreeze, newWindow, type FreezeForm, type WindowForm } from './policy-form.ts';
import classes from './policy-fields.module.css';

/** When terminals may be asked for. */
export function MaintenanceFields({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const { windows, freezes } = form;
  const windowRow = rowsOf(windows, (changed) => onChange({ windows: changed }));
  const freezeRow = rowsOf(freezes, (changed) => onChange({ freezes: changed }));
  return (
    <>
      {windows.map((window, index) => (
        <WindowRow key={window.id} window={window} index={index} faults={faults} {...windowRow(window)} />
      ))}
      {freezes.map((freeze, index) => (
        <FreezeRow key={freeze.id} freeze={freeze} index={index} faults={faults} {...freezeRow(freeze)} />
      ))}
      {(windows.length > 0 || freezes.length > 0) && (
        <TimeZone value={form.timeZone} onChange={(timeZone) => onChange({ timeZone })} faults={faults} />
      )}
      <RowFault fault={faultAt(faults, '/policy/maintenance')} />
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
  const part = partsOf(window, onChange);
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
        <TextField
          key={field}
          className={classes.time}
          label={field === 'from' ? t.windowFrom : t.windowTo}
          placeholder="22:00"
          maxLength={5}
          {...part(field)}
          error={faultAt(faults, `${place}/${field}`)}
        />
      ))}
      <RemoveButton className={classes.removeRow} label={t.removeWindow({ n })} onClick={onRemove} />
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
  const part = partsOf(freeze, onChange);
  const n = String(index + 1);
  const place = `/policy/maintenance/freezes/${index}`;
  return (
    <div className={classes.row} role="group" aria-label={t.freezeNumber({ n })}>
      {(['from', 'to'] as const).map((field) => (
        <TextField
          key={field}
          type="date"
          className={classes.date}
          label={field === 'from' ? t.freezeFrom : t.freezeTo}
          {...part(field)}
          error={faultAt(faults, `${place}/${field}`)}
        />
      ))}
      <TextField
        className={classes.name}
        label={t.freezeReason}
        maxLength={200}
        {...part('reason')}
        error={faultAt(faults, `${place}/reason`)}
      />
      <RemoveButton className={classes.removeRow} label={t.removeFreeze({ n })} onClick={onRemove} />
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
      <TextField
        className={classes.name}
        label={t.timeZone}
        placeholder={t.timeZoneSites}
        list={listId}
        value={value}
        onChange={onChange}
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
