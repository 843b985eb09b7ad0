import { useState, type ReactNode } from 'react';
import classes from './table-behind.module.css';

interface TableBehindProps {
  /** What opens it: "As a table". */
  summary: string;
  /** What the table is of. */
  caption: string;
  columns: readonly string[];
  /** Cells as text; the first one is the name of the row. */
  rows: readonly (readonly string[])[];
}

/** The same figures as in a chart, for who can not see it, or wants the numbers. */
export function TableBehind({ summary, caption, columns, rows }: TableBehindProps): ReactNode {
  // A table of thousands of cells is only drawn when somebody looks at it.
  const [open, setOpen] = useState(false);
  return (
    <details className={classes.behind} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && (
        // It is scrolled by the keyboard, too.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={classes.scroll} tabIndex={0} role="region" aria-label={caption}>
          <table>
            <caption className="hidden-text">{caption}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([name = '', ...cells]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {cells.map((cell, index) => (
                    <td key={columns[index + 1]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
