/**
 * JSON as text, laid out and packed without being parsed: a message must not change by being looked at, and parsing would
 * round numbers of many digits and drop names that come twice.
 */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
/** Characters from which on laying it out would hold the page up. */
const LARGE = 500_000;

/** With lines and indents; as it is where it is too large for that. @param text valid JSON */
export function layOut(text: string): string {
  if (text.length > LARGE) return text;
  const tokens = text.match(TOKEN) ?? [];
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  const parts = tokens.map((token, index) => {
    switch (token) {
      case '{':
      case '[':
        if (isEnd(tokens[index + 1])) return token;
        depth++;
        return token + line();
      case '}':
      case ']':
        if (isBegin(tokens[index - 1])) return token;
        depth--;
        return line() + token;
      case ',':
        return token + line();
      case ':':
        return ': ';
      default:
        return token;
    }
  });
  return parts.join('');
}

/** Without blanks between its parts. @param text valid JSON */
export function pack(text: string): string {
  return (text.match(TOKEN) ?? []).join('');
}

const isBegin = (token: string | undefined): boolean => token === '{' || token === '[';
const isEnd = (token: string | undefined): boolean => token === '}' || token === ']';

/** Where text is not valid JSON; the place is not known in every browser. */
export interface JsonFault {
  line?: number;
  column?: number;
}

/** Undefined for valid JSON. */
export function jsonFaultOf(text: string): JsonFault | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return placeIn(text, (error as Error).message);
  }
}

/** Each engine has words of its own: `at position 12 (line 2 column 3)`, `at line 2 column 3`, `at position 12`. */
function placeIn(text: string, message: string): JsonFault {
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line !== undefined) return { line: Number(line), column: Number(column) };
  const [, position] = /position (\d+)/.exec(message) ?? [];
  const end = position === undefined && /end of/i.test(message) ? text.length : undefined;
  const offset = position === undefined ? end : Number(position);
  if (offset === undefined) return {};
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
