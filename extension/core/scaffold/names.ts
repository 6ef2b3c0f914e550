/** Names for what is written, in the manner of the context's own name. */

export interface ScaffoldNames {
  /** Tag of the record; its typedef is without the underscore in front. */
  readonly record: string;
  /** `NIC_RX_SAVED`: what constants of the record begin with. */
  readonly constant: string;
  readonly save: string;
  readonly restore: string;
  readonly complete: string;
  /** What other functions begin with; `snake` tells how they go on. */
  readonly prefix: string;
  readonly snake: boolean;
}

/** `NIC_RX_CONTEXT` → NIC_RX_SAVED, NicRxSavePacket; `nic_rx_context` → nic_rx_saved, nic_rx_save_packet. */
export function namesFor(context: string): ScaffoldNames {
  const own = context.replace(/^.*::|^struct\s+/g, '').replace(/^_+/, '');
  const stem = own.replace(/(?:_?(?:CONTEXT|CTX)(?:_T)?|_?(?:[Cc]ontext|[Cc]tx)(?:_t)?|_t)$/, '') || own;
  const words = wordsOf(stem);
  const isUpper = !/[a-z]/.test(stem);
  const snake = !/[A-Z]/.test(stem);
  const pascal = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1).toLowerCase()}`).join('');
  const prefix = snake ? words.join('_').toLowerCase() : isUpper ? pascal : stem;
  const constant = words.join('_').toUpperCase();
  const record = isUpper ? `${stem}_SAVED` : snake ? `${stem}_saved` : `${stem}Saved`;
  const join = (tail: string): string => functionName({ prefix, snake }, tail);
  return {
    record,
    constant: `${constant}_SAVED`,
    save: join('SavePacket'),
    restore: join('RestorePacket'),
    complete: join('PacketComplete'),
    prefix,
    snake,
  };
}

/** A function of the family: `RecordLength` → NicRxRecordLength or nic_rx_record_length. */
export function functionName({ prefix, snake }: Pick<ScaffoldNames, 'prefix' | 'snake'>, tail: string): string {
  return snake ? `${prefix}_${wordsOf(tail).join('_').toLowerCase()}` : `${prefix}${tail}`;
}

/** `NIC_RX`, `NicRx`, `nicRx` → NIC, RX. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .split('_')
    .filter((word) => word !== '');
}

/** Four characters that tell the record in a dump. */
export function signatureOf(constant: string): { readonly text: string; readonly value: number } {
  const text = constant
    .replace(/_SAVED$/, '')
    .replace(/[^A-Z0-9]/g, '')
    .padEnd(4, 'S')
    .slice(0, 4);
  const value = [...text].reduceRight((sum, char) => sum * 256 + char.charCodeAt(0), 0);
  return { text, value };
}

/** A pool tag as debuggers show it reversed: `NIC_RX` → `'xRiN'`. */
export function poolTag(constant: string): string {
  const text = constant
    .replace(/_SAVED$/, '')
    .replace(/[^A-Z0-9]/g, '')
    .padEnd(4, 'S')
    .slice(0, 4);
  const mixed = [...text].map((char, index) => (index % 2 === 0 ? char : char.toLowerCase()));
  return `'${mixed.reverse().join('')}'`;
}
