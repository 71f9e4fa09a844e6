// SPDX-License-Identifier: Apache-2.0
// Advice, each with the number behind it and a link to the part of the report that shows it.
import type { Advice } from '../data/run_json';
import { visible } from '../data/text';

export function AdviceList({ advice, anchors }: { advice: Advice[]; anchors: Map<string, string> }) {
  return (
    <ul class="advice">
      {advice.map((one, index) => (
        <li key={index}>
          <p>{visible(one.text)}</p>
          <p class="quiet">{visible(one.evidence)}{one.evidence && ' · '}<Evidence anchor={one.anchor} anchors={anchors} /></p>
        </li>
      ))}
    </ul>
  );
}

// An anchor is a section of this page or the name of a page in Ullage's docs; only the former is a link,
// and never anything but a section: the text comes from a file that anyone may have written.
function Evidence({ anchor, anchors }: { anchor: string; anchors: Map<string, string> }) {
  const title = anchors.get(anchor);
  if (title) return <a href={anchor}>see {title}</a>;
  return anchor.startsWith('#') || anchor === '' ? null : <span>more in {visible(anchor)}</span>;
}
