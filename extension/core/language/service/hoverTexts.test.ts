import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RecordLayout } from '../../run/report.js';
import { CALLBACKS, FLAGS, FUNCTIONS, factsOf, INTERFACES, STATUSES, spellings, TYPES } from '../facts/index.js';
import { contractPage, type Evidence } from './contract.js';
import { callbackHover, type HoverStyle, nameHover, parameterHover, recordHover } from './hoverTexts.js';

const STYLE: HoverStyle = { declaration: true, rule: (id) => `<${id}>` };
const QUIET: HoverStyle = { ...STYLE, declaration: false };
const MEASURED = { figures: '32 packets · 48–1,560 B', sizes: '48–1,560 B', stale: false, findings: [] };

function hover(name: string, style = STYLE): string {
  const known = factsOf(name);
  if (known === undefined) throw new Error(`${name} is no name of KMCL`);
  return nameHover(known, name, style);
}

describe('a hover on a name', () => {
  it('says declaration, IRQL, states, statuses and rules of a function', () => {
    expect(hover('VmbChannelSaveContinue')).toBe(
      [
        '```c\nNTSTATUS VmbChannelSaveContinue(\n    VMBCHANNEL Channel,\n    PVOID SaveBuffer,\n    ULONG SaveBufferSize,\n    PULONG BytesFilled,\n    PULONG BytesRequired);\n```',
        'Writes the next piece of state. STATUS_SUCCESS: that was all. STATUS_BUFFER_OVERFLOW: a piece is written and more follows. STATUS_BUFFER_TOO_SMALL: nothing is written, BytesRequired says how much is needed. The save callback runs inside.',
        '**IRQL** PASSIVE_LEVEL (not documented: what its work allows)  \n**When** after SaveBegin  \n**Only** on a server channel',
        '**Answers** `STATUS_SUCCESS`, `STATUS_BUFFER_TOO_SMALL`, `STATUS_BUFFER_OVERFLOW`',
        '**Rules** <save-continue-statuses>, <save-persist-filled>, <save-grow>, <save-boundaries>, <save-passive>',
      ].join('\n\n'),
    );
  });

  it('leaves the declaration to others', () => {
    for (const name of ['VmbPacketSend', 'EVT_VMB_CHANNEL_SAVE_PACKET', 'STATUS_PENDING', 'VMBPACKET']) {
      expect(hover(name)).toContain('```c\n');
      expect(hover(name, QUIET)).not.toContain('```');
    }
  });

  it('says what a type of the Ex family gets', () => {
    expect(hover('EVT_VMB_CHANNEL_RESTORE_PACKET_EX')).toContain('PVOID CallbackContext');
    expect(hover('PFN_VMB_CHANNEL_SAVE_PACKET')).toContain(
      'typedef EVT_VMB_CHANNEL_SAVE_PACKET *PFN_VMB_CHANNEL_SAVE_PACKET;',
    );
  });

  it('warns of what NT_SUCCESS says', () => {
    expect(hover('STATUS_MORE_PROCESSING_REQUIRED')).toMatch(
      /\*\*Severity\*\* error: `NT_SUCCESS` is false\..*Beware/s,
    );
    expect(hover('STATUS_PENDING')).toContain('`NT_SUCCESS` is true');
  });

  it('is there for every function, callback type, flag, status and structure, in words of its own', () => {
    for (const { name } of FUNCTIONS)
      expect(hover(name, QUIET)).toMatch(/^[A-Z][\s\S]*\*\*IRQL\*\* .*\n?\*\*When\*\* /);
    for (const { name } of CALLBACKS.flatMap(spellings)) {
      expect(hover(name, QUIET)).toMatch(/\*\*Called when\*\* [\s\S]*\*\*Must\*\* [\s\S]*\*\*IRQL\*\* /);
    }
    for (const { name, value } of FLAGS) expect(hover(name)).toMatch(new RegExp(`${value}\n\`\`\`\n\n[A-Z]`));
    for (const { name } of STATUSES) expect(hover(name, QUIET)).toMatch(/^[A-Z][\s\S]*\*\*Severity\*\* \w+: /);
    for (const { name } of [...TYPES, ...INTERFACES]) expect(hover(name, QUIET)).toMatch(/^[A-Z].*\.$/);
  });

  it.each(['vmbuskernelmodeclientlibapi.h', 'vmbkmclfunctions.h', 'vmbkmclinterfaces.h'])(
    'is there for every name of %s',
    (header) => {
      const text = readFileSync(`extension/core/wdk/include/${header}`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
      // Operands have names of their own, and tags are the names with an underscore before them.
      const operands = ['VmbusHandle', 'VmbPacket'];
      const names = [...text.matchAll(/\b(?:Vmb|P?VMB|EVT_VMB|P?FN_VMB|P?KMCL)\w+/g)].map(([name]) => name);
      const silent = [...new Set(names)].filter((name) => factsOf(name) === undefined && !operands.includes(name));
      expect(names.length).toBeGreaterThan(50);
      expect(silent).toEqual([]);
    },
  );
});

describe('a hover on a callback', () => {
  it('says what its last run measured and found, names of the driver escaped', () => {
    const findings = [{ rule: 'savepkt-size-exact', message: '*Needed is 4\nmore', line: 12 }];
    const text = callbackHover('save', 'NicSave', { ...MEASURED, stale: true, findings }, STYLE);
    expect(text).toContain('**Last run** 32 packets · 48–1,560 B · edited since');
    expect(text).toContain('- line 12: \\*Needed is 4 (<savepkt-size-exact>)');
    expect(text).toContain('**Must** query pass: with state to save');
    expect(callbackHover('save', 'NicSave', undefined, STYLE)).not.toContain('Last run');
  });

  it('says of a parameter what the passes expect, under the name it has there', () => {
    const place = { role: 'save', ex: false, index: 4 } as const;
    expect(parameterHover(place, 'Needed', MEASURED)).toMatch(
      /^`Needed` \(`BytesNeeded` of `EVT_VMB_CHANNEL_SAVE_PACKET`\): both passes, .*\n\n\*\*Last run\*\* 48–1,560 B a packet$/s,
    );
    expect(parameterHover({ ...place, ex: true }, 'SaveBufSize', undefined)).toMatch(/^`SaveBufSize`: 0 in the query/);
    expect(parameterHover({ ...place, index: 9 }, 'X', undefined)).toBeUndefined();
  });
});

describe('a hover on a saved record', () => {
  const layout: RecordLayout = {
    name: 'REC',
    size: 12,
    fields: [
      { name: 'Version', type: 'USHORT', offset: 0, size: 2, format: 'unsigned' },
      { name: 'Version', type: '', offset: 2, size: 2, format: 'bytes' },
      { name: 'Items[0]', type: 'ULONG', offset: 4, size: 4, format: 'unsigned' },
      { name: 'Items[1]', type: 'ULONG', offset: 8, size: 4, format: 'unsigned' },
    ],
  };

  it('says where its fields are, padding too', () => {
    expect(recordHover(layout, undefined)).toBe(
      '**Saved record** `REC`, 12 bytes on x64\n\n| bytes | field |\n| --- | --- |\n| 0–1 | `Version` `USHORT` |\n| 2–3 | *padding* |\n| 4–7 | `Items[0]` `ULONG` |\n| 8–11 | `Items[1]` `ULONG` |',
    );
  });

  it('says where a field of it is', () => {
    expect(recordHover(layout, 'Items')).toBe('**Saved** as bytes 4–11 of `REC` on x64');
    expect(recordHover(layout, 'Version')).toBe('**Saved** as bytes 0–1 of `REC` on x64');
    expect(recordHover(layout, 'Other')).toBeUndefined();
  });
});

describe('the contract of a callback', () => {
  const evidence: Evidence = {
    name: 'NicSave',
    role: 'save',
    ex: false,
    file: 'Nic.c',
    line: 7,
    page: (rule) => `/rules/${rule}.md`,
    breaches: [
      { rule: 'savepkt-size-exact', line: 12, message: '8 bytes more' },
      { rule: 'mem-leak', line: 14, message: 'leaked' },
    ],
    run: { packets: 8, figures: '8 packets · 48 B · 2 findings' },
    stale: false,
    checked: false,
  };
  const headings = (page: string) => [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);

  it('parts what is broken from what was kept and what nobody has seen', () => {
    const page = contractPage(evidence);
    expect(headings(page)).toEqual([
      'Broken (1)',
      'Broken elsewhere in this callback (1)',
      expect.stringMatching(/^Kept in 8 packets of the last run \(\d+\)$/),
      expect.stringMatching(/^Not looked for in the source yet \(\d+\)$/),
      expect.stringMatching(/^Left to you \(\d+\)$/),
    ]);
    expect(page).toContain('- [savepkt-size-exact](/rules/savepkt-size-exact.md) at line 12: 8 bytes more');
    expect(page.match(/savepkt-size-exact\.md/g)).toHaveLength(1);
  });

  it('tells what the source keeps apart from what only a run can tell', () => {
    const page = contractPage({ ...evidence, run: undefined, breaches: [], checked: true });
    const [kept = '', open = '', yours = '', ...more] = page.split('\n## ').slice(1);
    expect(more).toEqual([]);
    expect(kept).toMatch(/^Kept on every way that was followed through the source \(\d+\)/);
    expect(kept).toContain('savepkt-versioned');
    expect(kept).toContain('savepkt-bytesneeded-written');
    expect(open).toMatch(/^Only a run can tell \(\d+\)/);
    expect(open).toContain('savepkt-size-exact');
    expect(open).not.toContain('savepkt-bytesneeded-written');
    expect(yours).toMatch(/^Left to you[\s\S]*savepkt-paged-ok.*\(there is nothing to break/);
  });

  it('calls nothing kept that was not run, or was edited since', () => {
    const page = contractPage({ ...evidence, run: undefined, stale: true, breaches: [] });
    expect(page).toContain('The source has changed since it was run');
    expect(headings(page)[0]).toMatch(/^Only a run can tell/);
    expect(page).not.toContain('## Kept');
  });
});
