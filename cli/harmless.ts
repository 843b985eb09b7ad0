/** Text that anybody may have sent, made fit for a terminal. */

/** What is written must not steer the terminal: control and format characters as their code points. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|\p{Cf}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** One line of at most so many characters. */
export function shorten(text: string, width: number): string {
  const characters = Array.from(harmless(text.replace(/\s+/g, ' ')));
  return characters.length > width ? `${characters.slice(0, width - 1).join('')}…` : characters.join('');
}
