/** The formats of build servers, over one report: junit.ts, sarif.ts, msbuild.ts. */
import { describe, expect, it } from 'vitest';
import { reportJunit } from './junit.js';
import { reportMsbuild } from './msbuild.js';
import type { Report } from './report.js';
import { unpackReport } from './reportPack.js';
import { reportSarif } from './sarif.js';
import { sampleFinding, samplePack, samplePlace, sampleRun } from './tinyPack.testing.js';

const place = samplePlace('Save', { file: 'drivers/nic #1/Nic.c', line: 12, column: 5 });
const callStack = [
  { function: 'Save', file: 'drivers/nic #1/Nic.c', line: 12 },
  { function: 'VmbChannelSaveContinue', file: '<kmcl>', line: 0 },
];

const REPORT: Report = unpackReport(
  samplePack(
    sampleRun('Fine'),
    sampleRun('Broken', {
      outcome: 'failed',
      message: 'savepkt-size-exact: 4 bytes\nmore',
      findings: [
        sampleFinding({
          message: '4 bytes < 8 & "more"',
          location: place,
          callStack,
          related: [
            { message: 'allocated here', location: place },
            { message: 'and so on', location: null },
          ],
        }),
        sampleFinding({ rule: 'mem-leak', suppressed: true, location: place }),
      ],
    }),
    sampleRun('Warned', {
      findings: [
        sampleFinding({
          rule: 'run-stub',
          severity: 'warning',
          channel: null,
          packetIndex: null,
          callback: null,
          pass: null,
        }),
        sampleFinding({ rule: 'no-such-rule', severity: 'info', location: place, pass: null }),
      ],
      output: [{ text: 'printed \u0000\ud800 <b>', location: null }],
    }),
    sampleRun('Serial.c', {
      driver: 'serial "A"',
      file: 'Serial.c',
      line: 1,
      outcome: 'error',
      message: "Serial.c:21:12: use of undeclared identifier 'x'",
    }),
    sampleRun('Slow', { driver: 'serial "A"', outcome: 'timeout', message: 'stopped by the wall clock' }),
  ),
);

describe('reportMsbuild', () => {
  it('writes a line per finding that counts and per run that could not be run', () => {
    expect([...reportMsbuild(REPORT)].join('').split('\n')).toEqual([
      'drivers/nic #1/Nic.c(12,5): error savepkt-size-exact: 4 bytes < 8 & "more" ' +
        '(Broken, channel 0, packet 0, EvtVmbChannelSavePacket (write))',
      'Nic.c(3): warning run-stub: wrong (Warned)',
      'drivers/nic #1/Nic.c(12,5): message no-such-rule: wrong ' +
        '(Warned, channel 0, packet 0, EvtVmbChannelSavePacket)',
      "Serial.c(21,12): error not-run: Serial.c: use of undeclared identifier 'x'",
      'Nic.c(3): error not-run: Slow: stopped by the wall clock',
      '',
    ]);
  });
});

describe('reportJunit', () => {
  const xml = [...reportJunit(REPORT)].join('');

  it('has a suite per driver and a case per run, counted', () => {
    expect(xml.match(/<test(?:suites|suite|case) [^>]*>/g)).toEqual([
      '<testsuites name="vsp-lab" tests="5" failures="1" errors="2">',
      '<testsuite name="nic" tests="3" failures="1" errors="0" skipped="0">',
      '<testcase name="Fine" classname="nic"/>',
      '<testcase name="Broken" classname="nic">',
      '<testcase name="Warned" classname="nic">',
      '<testsuite name="serial &quot;A&quot;" tests="2" failures="0" errors="2" skipped="0">',
      '<testcase name="Serial.c" classname="serial &quot;A&quot;">',
      '<testcase name="Slow" classname="serial &quot;A&quot;">',
    ]);
  });

  it('tells what failed and where, and no library frame as if it had a place', () => {
    expect(xml).toContain(
      '<failure message="savepkt-size-exact: 4 bytes more" type="savepkt-size-exact">' +
        'drivers/nic #1/Nic.c:12:5: error: savepkt-size-exact: 4 bytes &lt; 8 &amp; &quot;more&quot;\n' +
        '    channel 0, packet 0, EvtVmbChannelSavePacket (write)\n' +
        '    at Save (drivers/nic #1/Nic.c:12)\n' +
        '    at VmbChannelSaveContinue</failure>',
    );
    expect(xml).toContain(
      `<error message="Serial.c:21:12: use of undeclared identifier 'x'" type="error">` +
        `Serial.c:21: use of undeclared identifier 'x'</error>`,
    );
  });

  it('keeps what XML has no place for out of the file', () => {
    expect(xml).toContain('printed \ufffd\ufffd &lt;b&gt;</system-out>');
  });
});

describe('reportSarif', () => {
  const log = JSON.parse([...reportSarif(REPORT, { version: '1.2.3' })].join('')) as {
    runs: {
      tool: { driver: { rules: { id: string }[] } };
      results: Record<string, unknown>[];
      invocations: unknown[];
    }[];
  };
  const [run] = log.runs;

  it('describes the rules that results name, and no other', () => {
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(['savepkt-size-exact', 'mem-leak', 'run-stub']);
    expect(run?.results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level])).toEqual([
      ['savepkt-size-exact', 0, 'error'],
      ['mem-leak', 1, 'error'],
      ['run-stub', 2, 'warning'],
      ['no-such-rule', undefined, 'note'],
    ]);
  });

  it('places a result, its stack and what belongs to it', () => {
    const physicalLocation = {
      artifactLocation: { uri: 'drivers/nic%20%231/Nic.c', uriBaseId: 'WORKINGDIRECTORY' },
      region: { startLine: 12, startColumn: 5 },
    };
    const logicalLocations = [{ name: 'Save', kind: 'function' }];
    expect(run?.results[0]).toMatchObject({
      message: { text: '4 bytes < 8 & "more"' },
      locations: [{ physicalLocation, logicalLocations }],
      relatedLocations: [
        { id: 0, message: { text: 'allocated here' }, physicalLocation },
        { id: 1, message: { text: 'and so on' } },
      ],
      stacks: [
        {
          frames: [
            { location: { physicalLocation: { region: { startLine: 12 } }, logicalLocations } },
            { location: { logicalLocations: [{ name: 'VmbChannelSaveContinue', kind: 'function' }] } },
          ],
        },
      ],
      properties: { driver: 'nic', run: 'Broken', channel: 0, packetIndex: 0, pass: 'write' },
    });
    expect(JSON.stringify(run)).not.toContain('kmcl');
  });

  it('marks suppressed results', () => {
    expect(run?.results.map(({ suppressions }) => suppressions)).toEqual([
      undefined,
      [{ kind: 'inSource' }],
      undefined,
      undefined,
    ]);
  });

  it('tells what could not be run with the invocation', () => {
    expect(run?.invocations).toMatchObject([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [
          {
            level: 'error',
            message: { text: "Serial.c: use of undeclared identifier 'x'" },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'Serial.c' },
                  region: { startLine: 21, startColumn: 12 },
                },
              },
            ],
          },
          { message: { text: 'Slow: stopped by the wall clock' } },
        ],
      },
    ]);
  });

  it('gives absolute names as whole addresses', () => {
    const located = (file: string) =>
      sampleRun('r', { findings: [sampleFinding({ location: samplePlace('F', { file }) })] });
    const runs = ['C:/a b/x.c', '/a b/x.c', '../x.c'].map(located);
    const text = [...reportSarif(unpackReport(samplePack(...runs)), { version: '1' })].join('');
    expect([...text.matchAll(/"uri":"([^"]*)"/g)].map(([, uri]) => uri)).toEqual([
      'file:///C:/a%20b/x.c',
      'file:///a%20b/x.c',
      '../x.c',
    ]);
  });
});
