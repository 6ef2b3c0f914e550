/** Arguments that are wrong whatever else happens: constants that a call refuses. */
import type { RuleId } from '../catalogue.js';
import { hex32 } from './words.js';

export interface ConstantRow {
  readonly rule: RuleId;
  /** Answers what is wrong; `operand` is the number an argument (from 0) is, where it can be only one. */
  readonly test: (operand: (index: number) => bigint | undefined) => string | undefined;
}

/** Beyond these bits. */
function flags(rule: RuleId, index: number, all: bigint): ConstantRow {
  return {
    rule,
    test: (operand) => {
      const value = operand(index);
      const isWrong = value !== undefined && (value & ~all) !== 0n;
      return isWrong ? `flags ${hex32(value)}: only bits of ${hex32(all)} mean something` : undefined;
    },
  };
}

function zero(rule: RuleId, what: string, ...indices: readonly number[]): ConstantRow {
  return {
    rule,
    test: (operand) => (indices.some((index) => operand(index) === 0n) ? `${what} of 0` : undefined),
  };
}

export const CHANNEL_CONSTANTS: ReadonlyMap<string, readonly ConstantRow[]> = new Map([
  ['VmbChannelInitSetMaximumPacketSize', [zero('init-packet-size', 'a maximum packet size', 1)]],
  [
    'VmbChannelInitSetMaximumExternalData',
    [
      zero('init-external-limits', 'a limit of data bytes', 1),
      zero('init-external-limits', 'a limit of chained pages', 2),
    ],
  ],
  ['VmbChannelInitSetFlags', [flags('init-flags-valid', 1, 1n)]],
  ['VmbServerChannelInitSetFlags', [flags('init-flags-valid', 1, 0x1fn)]],
  ['VmbChannelInitSetPrimaryChannel', [zero('init-subchannel', 'a sub-channel index', 2)]],
  [
    'VmbServerChannelInitSetMmioMegabytes',
    [
      {
        rule: 'init-mmio-nonzero',
        test: (operand) => (operand(1) === 0n && operand(2) === 0n ? 'both amounts of MMIO space are 0' : undefined),
      },
    ],
  ],
  ['VmbChannelMapGpadl', [flags('gpadl-flags', 1, 1n)]],
]);
