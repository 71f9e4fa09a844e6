// SPDX-License-Identifier: Apache-2.0
// The report from top to bottom. Which sections have something to say is decided here, once; those that
// have not are named at the end with the reason.
import { readHeap } from '../data/heap';
import type { ReportData } from '../data/run_json';
import { visible } from '../data/text';
import { verdict } from '../data/verdict';
import { AdviceList } from './advice';
import { Environment, LimitsTable, Repeat } from './circumstances';
import { CpuSection, IoSection, MachineSection, MemorySection, OwnValuesSection, PressureSection } from './chart_sections';
import { EventsTable, PhasesTable } from './happenings';
import { Header } from './header';
import { HeapSection } from './heap';
import { groupOf } from './moments';
import { cpuCharts, ioCharts, machineCharts, memoryChart, ownCharts, pressureChart, processCharts } from './picture';
import { ProcessesSection } from './processes';
import { Tiles } from './tiles';

export interface SectionEntry {
  id: string;
  title: string;
  body: preact.ComponentChild;
  reasonWhenEmpty: string; // read when body is null
}

export function Page({ data }: { data: ReportData }) {
  const { run } = data;
  const sections = sectionsOf(data);
  const shown = sections.filter((section) => section.body !== null);
  const empty = sections.filter((section) => section.body === null);
  return (
    <div class="page">
      <Header run={run} verdict={verdict(run)} />
      <nav aria-label="Sections">
        {shown.map((section) => <a key={section.id} href={`#${section.id}`}>{section.title}</a>)}
      </nav>
      <main>
        <Tiles run={run} />
        {shown.map((section) => (
          <section key={section.id} id={section.id} aria-labelledby={`${section.id}-title`}>
            <h2 id={`${section.id}-title`}>{section.title}</h2>
            {section.body}
          </section>
        ))}
      </main>
      <footer>
        {empty.length > 0 && (
          <p>Not shown: {empty.map((section) => `${inSentence(section.title)} (${section.reasonWhenEmpty})`).join('; ')}.</p>
        )}
        <p>Made by Ullage {visible(run.ullage_version)}. This file asks nothing of any network.</p>
      </footer>
    </div>
  );
}

const inSentence = (title: string): string => (/^[A-Z][a-z]/.test(title) ? title[0]!.toLowerCase() + title.slice(1) : title);

function sectionsOf(data: ReportData): SectionEntry[] {
  const { run } = data;
  const group = groupOf(data);
  const memory = memoryChart(data);
  const heap = readHeap(data.heap?.flame);
  const cpu = cpuCharts(data);
  const io = ioCharts(data);
  const pressure = pressureChart(data);
  const own = ownCharts(data);
  const machine = machineCharts(data);
  const untold = 'not told by this kernel';
  const sections: SectionEntry[] = [
    { id: 'memory', title: 'Memory', body: memory && <MemorySection {...{ data, group, chart: memory }} />, reasonWhenEmpty: untold },
    { id: 'heap', title: 'Heap', body: heap && data.heap ? <HeapSection heap={heap} leaks={data.heap.leaks} /> : null, reasonWhenEmpty: '“ullage run --heap” profiles it' },
    { id: 'cpu', title: 'CPU', body: cpu.length > 0 ? <CpuSection {...{ run, group, charts: cpu }} /> : null, reasonWhenEmpty: untold },
    { id: 'io', title: 'I/O', body: io.length > 0 ? <IoSection {...{ run, group, charts: io }} /> : null, reasonWhenEmpty: run.io.read_bytes === null && run.io.written_bytes === null ? untold : 'nothing reached or came from storage' },
    { id: 'pressure', title: 'Pressure', body: pressure && <PressureSection {...{ run, group, chart: pressure }} />, reasonWhenEmpty: run.pressure.cpu_some_seconds === null ? untold : 'nothing waited' },
    { id: 'values', title: 'Own values', body: own.length > 0 ? <OwnValuesSection {...{ group, charts: own }} /> : null, reasonWhenEmpty: 'the command reported none' },
    {
      id: 'processes', title: 'Processes', reasonWhenEmpty: 'none was seen',
      body: run.process_table.length > 0 ? <ProcessesSection {...{ run, group, charts: processCharts(data) }} /> : null,
    },
    { id: 'phases', title: 'Phases', body: run.phases.length > 0 ? <PhasesTable run={run} /> : null, reasonWhenEmpty: 'the command reported none' },
    { id: 'events', title: 'Events', body: run.events.length > 0 ? <EventsTable run={run} /> : null, reasonWhenEmpty: 'none happened' },
    { id: 'machine', title: 'The machine meanwhile', body: machine.length > 0 ? <MachineSection {...{ run, group, charts: machine }} /> : null, reasonWhenEmpty: untold },
    { id: 'limits', title: 'Limits', body: run.limits.length > 0 ? <LimitsTable run={run} /> : null, reasonWhenEmpty: 'none was asked for' },
    { id: 'environment', title: 'Environment', body: <Environment run={run} />, reasonWhenEmpty: '' },
    { id: 'repeat', title: 'Repeat it', body: data.repeat ? <Repeat command={data.repeat} /> : null, reasonWhenEmpty: 'the command is not known' },
  ];
  const anchors = new Map(sections.filter((section) => section.body !== null).map((section) => [`#${section.id}`, section.title]));
  const advice = run.advice.length > 0 ? <AdviceList advice={run.advice} anchors={anchors} /> : null;
  return [{ id: 'advice', title: 'Advice', body: advice, reasonWhenEmpty: 'none: no rule found a number that asks for it' }, ...sections];
}
