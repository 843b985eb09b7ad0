import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, useState, type DragEvent, type ReactNode } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import type { ImportResult } from '../../api/schema.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ExportIcon, ImportIcon, SuccessIcon } from '../../components/icons.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import { ImportFaults } from './import-faults.tsx';
import { refusalOf, saveText, type Refusal } from './report.ts';
import { uploadFleet, type Upload } from './upload.ts';
import classes from './import-dialog.module.css';

/** One line of each kind: a new terminal with all it can have, one with the least. */
const EXAMPLE = `tpeId,idTms,tms,model,site,version,tags
3f2f8f0e-6d0f-4a52-9d3c-0c8b2b1f3a11,A-000001,alpha,A920,Lyon-12,4.1.0,pilot;vip
51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02,A-000002,alpha,A35,Lille-3,,
`;

type Step =
  | { at: 'choose' }
  | { at: 'chosen'; file: File; stopped?: true }
  | { at: 'sending'; file: File; share: number }
  | { at: 'done'; result: ImportResult }
  | { at: 'refused'; file: File; refusal: Refusal }
  | { at: 'failed'; file: File; error: unknown };

interface ImportDialogProps {
  /** The fleet has changed. */
  onImported: () => void;
  onClose: () => void;
}

/** Takes a fleet file, sends it, and says what came of it. */
export default function ImportDialog({ onImported, onClose }: ImportDialogProps): ReactNode {
  const t = useStore(messages);
  const [step, setStep] = useState<Step>({ at: 'choose' });
  const upload = useRef<Upload>(undefined);
  const choose = (file: File | undefined): void => {
    if (file) setStep({ at: 'chosen', file });
  };
  async function send(file: File): Promise<void> {
    if (upload.current) return;
    setStep({ at: 'sending', file, share: 0 });
    upload.current = uploadFleet(file, (share) => setStep({ at: 'sending', file, share }));
    try {
      const result = await upload.current.done;
      setStep(result ? { at: 'done', result } : { at: 'chosen', file, stopped: true });
      if (result) onImported();
    } catch (error) {
      const refusal = error instanceof ApiProblem ? refusalOf(error.problem) : undefined;
      setStep(refusal ? { at: 'refused', file, refusal } : { at: 'failed', file, error });
    } finally {
      upload.current = undefined;
    }
  }
  return (
    <Dialog opened title={t.importTitle} onClose={onClose} closable={step.at !== 'sending'}>
      {/* A file that is dropped beside the mark must not take the place of the page. */}
      <div className={classes.dialog} onDragOver={keep} onDrop={(event) => choose(dropped(event))}>
        <StepView step={step} onChoose={choose} />
        <div className={classes.buttons}>
          <Buttons
            step={step}
            onSend={(file) => void send(file)}
            onStop={() => upload.current?.stop()}
            onAgain={() => setStep({ at: 'choose' })}
            onClose={onClose}
          />
        </div>
      </div>
    </Dialog>
  );
}

function keep(event: DragEvent): void {
  event.preventDefault();
}

function dropped(event: DragEvent): File | undefined {
  event.preventDefault();
  return event.dataTransfer.files[0];
}

function StepView({ step, onChoose }: { step: Step; onChoose: (file: File | undefined) => void }): ReactNode {
  const t = useStore(messages);
  switch (step.at) {
    case 'choose':
      return <Chooser onChoose={onChoose} />;
    case 'chosen':
      return <Chosen file={step.file} stopped={step.stopped ?? false} />;
    case 'sending':
      return <Sending share={step.share} />;
    case 'done':
      return <Done result={step.result} />;
    case 'refused':
      return <ImportFaults file={step.file.name} refusal={step.refusal} />;
    case 'failed':
      return (
        <>
          <ProblemNotice error={step.error} />
          <p className={classes.hint}>{t.importRepeat}</p>
        </>
      );
  }
}

function Chooser({ onChoose }: { onChoose: (file: File | undefined) => void }): ReactNode {
  const t = useStore(messages);
  const [over, setOver] = useState(false);
  return (
    <>
      <label
        className={classes.drop}
        data-over={over}
        onDragEnter={() => setOver(true)}
        onDragLeave={() => setOver(false)}
      >
        <ImportIcon size={22} strokeWidth={1.6} aria-hidden />
        <span>{t.dropHere}</span>
        <input
          type="file"
          accept=".csv,text/csv"
          aria-label={t.chooseFile}
          data-autofocus
          onChange={(event) => onChoose(event.currentTarget.files?.[0])}
        />
      </label>
      <section className={classes.format} aria-label={t.format}>
        <p>{t.formatText}</p>
        {/* It scrolls: who has no mouse must be able to stand in it. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0} aria-label={t.example}>
          {EXAMPLE}
        </pre>
        <Button
          variant="default"
          size="xs"
          leftSection={<ExportIcon size={14} aria-hidden />}
          onClick={() => saveText('fleet-example.csv', EXAMPLE)}
        >
          {t.saveExample}
        </Button>
      </section>
    </>
  );
}

function Chosen({ file, stopped }: { file: File; stopped: boolean }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  return (
    <>
      <p className={classes.file}>
        <b>{file.name}</b> <span>{t.kilobytes({ n: format.number(Math.ceil(file.size / 1024)) })}</span>
      </p>
      {stopped && <p role="status">{t.stopped}</p>}
      <ul className={classes.consequences}>
        <li>{t.importNew}</li>
        <li>{t.importKnown}</li>
        <li>{t.importAllOrNothing}</li>
      </ul>
    </>
  );
}

function Sending({ share }: { share: number }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const words = share < 1 ? t.sending({ percent: format.percent(Math.floor(share * 100)) }) : t.checking;
  return (
    <div className={classes.sending}>
      <p role="status">{words}</p>
      {/* Without a value it says that it goes on, not how far it is. */}
      <progress aria-label={words} {...(share < 1 && { value: share })} />
    </div>
  );
}

function Done({ result: { imported, inserted, updated, unchanged } }: { result: ImportResult }): ReactNode {
  const t = useStore(messages);
  return (
    <div className={classes.done} role="status">
      <SuccessIcon size={18} aria-hidden />
      <div>
        <p>
          <b>{t.imported(imported)}</b>
        </p>
        <p>
          {t.importedAs({
            inserted: t.inNumbers(inserted),
            updated: t.inNumbers(updated),
            unchanged: t.inNumbers(unchanged),
          })}
        </p>
      </div>
    </div>
  );
}

interface ButtonsProps {
  step: Step;
  onSend: (file: File) => void;
  onStop: () => void;
  onAgain: () => void;
  onClose: () => void;
}

function Buttons({ step, onSend, onStop, onAgain, onClose }: ButtonsProps): ReactNode {
  const t = useStore(messages);
  const again = (
    <Button variant="default" onClick={onAgain}>
      {t.otherFile}
    </Button>
  );
  switch (step.at) {
    case 'choose':
      return (
        <Button variant="default" onClick={onClose}>
          {t.close}
        </Button>
      );
    case 'chosen':
      return (
        <>
          {again}
          <Button onClick={() => onSend(step.file)}>{t.importFile}</Button>
        </>
      );
    case 'sending':
      // Once all has gone nobody can tell whether stopping comes too late.
      return (
        <Button variant="default" onClick={onStop} disabled={step.share === 1}>
          {t.stop}
        </Button>
      );
    case 'failed':
      return (
        <>
          {again}
          <Button onClick={() => onSend(step.file)}>{t.tryAgain}</Button>
        </>
      );
    case 'refused':
      return (
        <>
          <Button variant="default" onClick={onClose}>
            {t.close}
          </Button>
          <Button onClick={onAgain}>{t.correctedFile}</Button>
        </>
      );
    case 'done':
      return <Button onClick={onClose}>{t.close}</Button>;
  }
}
