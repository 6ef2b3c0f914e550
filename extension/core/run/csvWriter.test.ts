import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportCsv } from './csvWriter.js';
import type { Report } from './report.js';
import { unpackReport } from './reportPack.js';
import { samplePack } from './samplePack.testing.js';

function csv(report: Report): string {
  return [...reportCsv(report)].join('');
}

/** A plain reader of RFC 4180. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
        cell += text[at];
        if (text[at] === '"') at += 1;
      }
      at += 1;
    } else {
      for (; at < text.length && text[at] !== ',' && text[at] !== '\r'; at += 1) cell += text[at];
    }
    row.push(cell);
    if (text[at] === '\r') {
      rows.push(row);
      row = [];
      at += 1;
    }
    at += 1;
  }
  return rows;
}

function named(report: Report, name: string): Report {
  return { ...report, runs: report.runs.map((run) => ({ ...run, name })) };
}

describe('the report as CSV', () => {
  const report = unpackReport(samplePack(300));

  it('has a line of names and a row per packet', () => {
    const [names, ...rows] = rowsOf(csv(report));
    expect(names?.slice(0, 6)).toEqual(['run', 'driver', 'outcome', 'channel', 'channelName', 'packet']);
    expect(rows).toHaveLength(300);
    const packets = report.runs[0]?.channels[0]?.packets;
    for (const [index, row] of rows.entries()) {
      const packet = packets?.at(index);
      const cell = (name: string): string | undefined => row[names?.indexOf(name) ?? -1];
      expect(row).toHaveLength(names?.length ?? 0);
      expect(cell('packet')).toBe(String(index));
      expect(cell('kind')).toBe(packet?.kind);
      expect(cell('stateBytes')).toBe(String(packet?.stateBytes));
      expect(cell('bytesUninitialised')).toBe(String(packet?.write?.bytesUninitialised));
      expect(cell('restoreStatus')).toBe(packet?.restore?.status);
    }
  });

  it('leaves what was not measured empty', () => {
    const pack = samplePack(1);
    const columns = pack.runs[0]?.channels[0]?.packets;
    columns?.flags.fill(0);
    const [, row] = rowsOf(csv(unpackReport(pack)));
    expect(row?.slice(-2)).toEqual(['', '']);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('keeps %j from being taken for a formula', (name) => {
    expect(rowsOf(csv(named(report, name)))[1]?.[0]).toBe(`'${name}`);
  });

  it('can be read back whatever names hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const shown = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
        const rows = rowsOf(csv(named(unpackReport(samplePack(3)), name)));
        expect(rows.map(([first]) => first)).toEqual(['run', shown, shown, shown]);
      }),
    );
  });
});
