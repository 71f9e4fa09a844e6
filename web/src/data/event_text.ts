// SPDX-License-Identifier: Apache-2.0
// A stream of server-sent events, read from its text as it comes: what EventSource does, which cannot say who
// asks (HTML, 9.2.6). Pure but for what it has not seen the end of yet.
export interface ServerEvent {
  name: string;
  data: string;
}

export class EventReader {
  private rest = '';

  // The events that end in this piece of text. Lines of comment and other fields are passed over.
  feed(text: string): ServerEvent[] {
    const parts = (this.rest + text).split('\n\n');
    this.rest = parts.pop()!;
    return parts.flatMap((part) => {
      let name = 'message';
      const data: string[] = [];
      for (const line of part.split('\n')) {
        if (line.startsWith('event:')) name = line.slice(6).trimStart();
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      }
      return data.length > 0 ? [{ name, data: data.join('\n') }] : [];
    });
  }
}
