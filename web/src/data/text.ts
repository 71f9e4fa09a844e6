// SPDX-License-Identifier: Apache-2.0
// Text from outside made harmless to read: control characters and those that change the direction of what
// follows are shown as escapes, so that no name can hide, reorder or break a line. HTML needs nothing here:
// all text reaches the page as text nodes.

const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const INVISIBLE = /[\u0080-\u009f\u200b\u2028\u2029\ufeff]/g;

const asCodePoint = (character: string): string =>
  `‹U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}›`;

const SHORT_ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const asEscape = (character: string): string =>
  SHORT_ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;

export function visible(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, asEscape).replace(BIDI_CONTROLS, asCodePoint).replace(INVISIBLE, asCodePoint);
}

// For text of several lines, such as a command with a quoted newline.
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

export function shortened(text: string, lengthMax: number): string {
  const characters = [...text];
  return characters.length <= lengthMax ? text : `${characters.slice(0, lengthMax - 1).join('')}…`;
}
