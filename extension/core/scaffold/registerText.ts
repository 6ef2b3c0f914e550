/** How the callbacks reach the channel: the registering call, and the interface table it goes through. */
import { failing, inside, type Words } from './words.js';

export const REGISTER = 'VmbServerChannelInitSetSaveRestorePacketCallbacks';

export function registerCall(words: Words, channel: string): string {
  const { names } = words.model;
  return `${words.k(REGISTER)}(${channel}, ${names.save}, ${names.restore})`;
}

/** For a file that has no place where the call belongs. */
export function registerText(words: Words): string {
  const channel = words.v('Channel');
  return [
    '/* To be called between VmbChannelAllocate and VmbChannelEnable. */',
    '_Must_inspect_result_',
    words.signature(`NTSTATUS ${words.f('RegisterSaveRestore')}`, [`_In_ VMBCHANNEL ${channel}`]),
    '{',
    `    return ${registerCall(words, channel)};`,
    '}',
  ].join('\n');
}

/** A table of KMCL's functions, and what fills it and gives it back (kmcl-facts 1.8). */
export function tableText(words: Words): string {
  const table = tableName(words);
  const device = words.v('Device');
  const base = words.model.language === 'cpp' ? `reinterpret_cast<PINTERFACE>(&${table})` : `(PINTERFACE)&${table}`;
  return [
    '/* The functions of KMCL, filled in by the driver that exports them. */',
    `static KMCL_SERVER_INTERFACE_V1 ${table};`,
    '',
    '/* Once at PASSIVE_LEVEL, before the first channel; a success is to be given back. */',
    '_Must_inspect_result_',
    words.signature(`NTSTATUS ${words.f('QueryKmcl')}`, [`_In_ WDFDEVICE ${device}`]),
    '{',
    `    return WdfFdoQueryForInterface(${device}, &KMCL_SERVER_INTERFACE_TYPE, ${base}, sizeof(${table}),`,
    `                                   KMCL_SERVER_INTERFACE_VERSION_V1, ${words.null});`,
    '}',
    '',
    '/* Once, after the last channel. */',
    words.signature(`VOID ${words.f('ReleaseKmcl')}`, ['VOID']),
    '{',
    ...inside([
      `if (${table}.InterfaceDereference != ${words.null}) {`,
      `    ${table}.InterfaceDereference(${table}.Context);`,
      `    RtlZeroMemory(&${table}, sizeof(${table}));`,
      '}',
    ]),
    '}',
  ].join('\n');
}

export function tableName(words: Words): string {
  return words.f('Kmcl');
}

/** The call as a statement of its own, its status looked at. */
export function registerStatements(words: Words, channel: string, status: string): readonly string[] {
  return [`${status} = ${registerCall(words, channel)};`, ...failing(`!NT_SUCCESS(${status})`, status)];
}
