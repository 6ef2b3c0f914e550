import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { EngineReply } from './engineProtocol.js';
import { type PipeMessage, PipeReader, toPipe } from './pipe.js';

/** A reply with columns of some sizes; what else a pack holds is of no matter here. */
function reply(...columns: readonly ArrayBufferView[]): EngineReply {
  return { kind: 'driver', id: 1, outcome: { name: 'd', runs: [{ columns }, null, 'text'] } } as unknown as EngineReply;
}

function filled(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, index) => index * 2654435761);
}

/** Through the same form as Node's channel between processes. */
function through(messages: Iterable<PipeMessage>): readonly PipeMessage[] {
  return [...messages].map((message) => deserialize(serialize(message)) as PipeMessage);
}

describe('the pipe', () => {
  it('brings columns of every kind and size whole, and nothing of one reply into the next', () => {
    const large = filled(700_000);
    const replies = [
      reply(large, Uint8Array.of(1, 2), new Uint16Array(large.buffer.slice(0, 200_000))),
      reply(),
      reply(large.subarray(17, 300_000), new Uint8Array(large.buffer, 3, 1_048_577)),
    ];
    const reader = new PipeReader();
    const read = replies.map((each) => through(toPipe(each)).map((message) => reader.take(message)));
    expect(read.map((each) => each.filter((done) => done !== undefined))).toEqual(replies.map((each) => [each]));
    expect(read.map((each) => each.at(-1))).toEqual(replies);
  });

  it('sends no message that takes long to read', () => {
    const pieces = [...toPipe(reply(filled(1_000_000)))].flatMap((message) =>
      message.kind === 'piece' ? [message.bytes.length] : [],
    );
    expect(pieces).toEqual([1 << 20, 1 << 20, 1 << 20, 4_000_000 - 3 * (1 << 20)]);
  });

  it('sends small replies as one message', () => {
    expect([...toPipe(reply(Uint8Array.of(1)))]).toHaveLength(1);
  });
});
