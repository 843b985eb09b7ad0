import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { CloseIcon, NewIcon } from '../../components/icons.ts';
import { messages } from './en.ts';
import { faultAt, type Fault } from './faults.ts';
import { NumberField } from './number-field.tsx';
import { newWave, type FailureAction, type SizeKind, type WaveForm } from './policy-form.ts';
import classes from './policy-fields.module.css';

/** As many as the API takes. */
const MOST = 20;

interface WaveFieldsProps {
  waves: readonly WaveForm[];
  onChange: (waves: WaveForm[]) => void;
  faults: readonly Fault[];
}

export function WaveFields({ waves, onChange, faults }: WaveFieldsProps): ReactNode {
  const t = useStore(messages);
  const replace = (id: number, part: Partial<WaveForm>): void =>
    onChange(waves.map((wave) => (wave.id === id ? { ...wave, ...part } : wave)));
  const whole = faultAt(faults, '/policy/waves');
  return (
    <>
      <p className={classes.help}>{t.wavesHelp}</p>
      <ol className={classes.waves}>
        {waves.map((wave, index) => (
          <li key={wave.id} className={classes.wave} aria-label={t.waveNumber({ n: String(index + 1) })}>
            <span className={classes.place} aria-hidden>
              {index + 1}
            </span>
            <Size wave={wave} index={index} onChange={(part) => replace(wave.id, part)} faults={faults} />
            {index < waves.length - 1 && (
              <Gate wave={wave} index={index} onChange={(part) => replace(wave.id, part)} faults={faults} />
            )}
            {waves.length > 1 && (
              <button
                type="button"
                className={classes.remove}
                aria-label={t.removeWave({ n: String(index + 1) })}
                title={t.removeWave({ n: String(index + 1) })}
                onClick={() => onChange(waves.filter(({ id }) => id !== wave.id))}
              >
                <CloseIcon size={15} aria-hidden />
              </button>
            )}
          </li>
        ))}
      </ol>
      {whole !== undefined && (
        <p className={classes.fault} role="status">
          {whole}
        </p>
      )}
      {waves.length < MOST && (
        <Button
          variant="default"
          size="xs"
          leftSection={<NewIcon size={14} />}
          onClick={() => onChange(withOneMore(waves))}
        >
          {t.addWave}
        </Button>
      )}
    </>
  );
}

/** Before the one that takes the rest. */
function withOneMore(waves: readonly WaveForm[]): WaveForm[] {
  const rest = waves.at(-1)?.by === 'rest' ? waves.slice(-1) : [];
  return [...waves.slice(0, waves.length - rest.length), newWave(waves, 'percent', '10'), ...rest];
}

interface WavePartProps {
  wave: WaveForm;
  index: number;
  onChange: (part: Partial<WaveForm>) => void;
  faults: readonly Fault[];
}

function Size({ wave, index, onChange, faults }: WavePartProps): ReactNode {
  const t = useStore(messages);
  const place = `/policy/waves/${index}`;
  const fault = faultAt(faults, `${place}/${wave.by}`) ?? faultAt(faults, place);
  return (
    <div className={classes.row}>
      <TextInput
        size="xs"
        className={classes.name}
        label={t.waveName}
        placeholder={t.waveUnnamed({ n: String(index + 1) })}
        value={wave.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={faultAt(faults, `${place}/name`)}
      />
      {wave.by !== 'rest' && wave.by !== 'rule' && (
        <NumberField
          label={t.waveSize}
          value={wave.size}
          onChange={(size) => onChange({ size })}
          error={fault}
        />
      )}
      <NativeSelect
        size="xs"
        className={classes.by}
        label={t.waveBy}
        value={wave.by}
        onChange={(event) => onChange({ by: event.currentTarget.value as SizeKind })}
        error={wave.by === 'rest' ? fault : undefined}
        data={[
          { value: 'percent', label: t.byPercent },
          { value: 'count', label: t.byCount },
          { value: 'rule', label: t.byRule },
          { value: 'rest', label: t.byRest },
        ]}
      />
      {wave.by === 'rule' && (
        <TextInput
          size="xs"
          className={classes.rule}
          label={t.rule}
          spellCheck={false}
          placeholder='tag "pilot"'
          value={wave.size}
          onChange={(event) => onChange({ size: event.currentTarget.value })}
          error={fault}
        />
      )}
    </div>
  );
}

function Gate({ wave, index, onChange, faults }: WavePartProps): ReactNode {
  const t = useStore(messages);
  const at = (field: string): string | undefined => faultAt(faults, `/policy/waves/${index}/gate/${field}`);
  return (
    <div className={classes.row}>
      <NumberField
        label={t.gateSuccess}
        value={wave.minSuccess}
        onChange={(minSuccess) => onChange({ minSuccess })}
        placeholder="95"
        error={at('minSuccessPercent')}
      />
      <NumberField
        label={t.gateSoak}
        value={wave.soakMinutes}
        onChange={(soakMinutes) => onChange({ soakMinutes })}
        placeholder="0"
        error={at('soakSeconds')}
      />
      <NativeSelect
        size="xs"
        className={classes.by}
        label={t.gateFailure}
        value={wave.onFailure}
        onChange={(event) => onChange({ onFailure: event.currentTarget.value as FailureAction })}
        data={[
          { value: 'pause', label: t.actionPause },
          { value: 'abort', label: t.actionAbort },
          { value: 'roll-back', label: t.actionRollBack },
        ]}
      />
      <Checkbox
        className={classes.check}
        label={t.gateApproval}
        checked={wave.approval}
        onChange={(event) => onChange({ approval: event.currentTarget.checked })}
      />
    </div>
  );
}
