/** The report as JSON text, piece by piece: a million packets are never one string. Same report, same bytes. */
import type { Channel, PacketList, Report, Run } from './report.js';

/** Packets per piece: large enough that writing is cheap, small enough to be nothing. */
const BATCH = 256;

function* packetPieces(packets: PacketList): Generator<string> {
  if (packets.length === 0) {
    yield '[]';
    return;
  }
  yield '[\n';
  for (let from = 0; from < packets.length; from += BATCH) {
    const lines: string[] = [];
    for (let index = from; index < Math.min(from + BATCH, packets.length); index += 1) {
      lines.push(`          ${JSON.stringify(packets.at(index))}${index === packets.length - 1 ? '' : ','}\n`);
    }
    yield lines.join('');
  }
  yield '        ]';
}

function* channelPieces(channel: Channel): Generator<string> {
  const { index, name, packets, saveStream, laterSaves, ...more } = channel;
  yield `      {\n        "index": ${index}, "name": ${JSON.stringify(name)},\n        "packets": `;
  yield* packetPieces(packets);
  yield `,\n        "saveStream": ${JSON.stringify(saveStream)}`;
  yield `,\n        "laterSaves": ${JSON.stringify(laterSaves)}`;
  for (const [key, value] of Object.entries(more)) yield `,\n        "${key}": ${JSON.stringify(value)}`;
  yield '\n      }';
}

/** An array whose items stand on lines of their own. */
function* listPieces<T>(items: readonly T[], indent: string, piece: (item: T) => Iterable<string>): Generator<string> {
  if (items.length === 0) {
    yield '[]';
    return;
  }
  yield '[\n';
  for (const [index, item] of items.entries()) {
    yield* piece(item);
    yield index === items.length - 1 ? '\n' : ',\n';
  }
  yield `${indent}]`;
}

function* runPieces(run: Run): Generator<string> {
  const { channels, findings, ...head } = run;
  yield `    {\n      ${JSON.stringify(head).slice(1, -1)},\n      "channels": `;
  yield* listPieces(channels, '      ', channelPieces);
  yield ',\n      "findings": ';
  yield* listPieces(findings, '      ', (finding) => [`        ${JSON.stringify(finding)}`]);
  yield '\n    }';
}

/** Pieces of the JSON form (report.schema.json); together they end with a line end. */
export function* reportJson(report: Report): Generator<string> {
  yield `{\n  "schemaVersion": ${report.schemaVersion},\n  "target": ${JSON.stringify(report.target)},\n  "runs": `;
  yield* listPieces(report.runs, '  ', runPieces);
  yield ',\n  "stubs": ';
  yield* listPieces(report.stubs, '  ', (stub) => [`    ${JSON.stringify(stub)}`]);
  yield `,\n  "summary": ${JSON.stringify(report.summary)}\n}\n`;
}
