/** The interface tables and what goes with them, and how callback structures begin (kmcl-facts 1.4, 1.5 to 1.8). */
import type { TypeFacts } from './types.js';

type Kind = 'CLIENT' | 'SERVER';

/** Functions each version brought, in few words. */
const CLIENT_ADDED: readonly string[] = [
  'The functions a client endpoint needs, which server endpoints use too, as a table that begins with an INTERFACE.',
  'Version 1, the context of a delivered packet, and the device objects of a channel.',
  'Version 2 and bounce buffers.',
  'Version 3, VmbChannelInitSetMaximumPacketCount and GPADLs of page frame lists.',
  'Version 4 and what release 19041 brought: sub-channels, inline packet contexts, setters of _EX callbacks.',
];

const QUERY =
  'Filled by WdfFdoQueryForInterface at PASSIVE_LEVEL; InterfaceDereference(Context) is called once when it is no longer used.';

function table(kind: Kind, version: number, summary: string): readonly TypeFacts[] {
  const name = `KMCL_${kind}_INTERFACE_V${version}`;
  const number = `KMCL_${kind}_INTERFACE_VERSION_V${version}`;
  const declaration = `struct _${name}`;
  return [
    { name, declaration, summary: `${summary} ${QUERY}` },
    { name: `P${name}`, declaration: `typedef ${declaration} *P${name};`, summary: `A pointer to ${name}. ${QUERY}` },
    {
      name: number,
      declaration: `#define ${number} ${version}`,
      summary: `The version to query ${name} with; the size is that of the same structure.`,
    },
  ];
}

function query(kind: Kind, guid: string, versions: string): readonly TypeFacts[] {
  const latest = `KMCL_${kind}_INTERFACE_VERSION_LATEST`;
  return [
    {
      name: `KMCL_${kind}_INTERFACE_TYPE`,
      declaration: `DEFINE_GUID(KMCL_${kind}_INTERFACE_TYPE, ...); /* ${guid} */`,
      summary: `The interface to query for the tables ${versions}. A source of the driver includes initguid.h before.`,
    },
    {
      name: latest,
      declaration: `#define ${latest} KMCL_${kind}_INTERFACE_VERSION_V5`,
      summary:
        'The newest version of the kit. With the size of an older structure the query fails or fills too much: name the version of the structure instead.',
    },
  ];
}

function methods(name: string, summary: string): readonly TypeFacts[] {
  const declaration = `struct _${name}`;
  return [
    { name, declaration, summary },
    { name: `P${name}`, declaration: `typedef ${declaration} *P${name};`, summary: `A pointer to ${name}.` },
  ];
}

function callbacksOf(suffix: '' | '_V5', version: number): readonly TypeFacts[] {
  const structure = `VMB_CHANNEL_STATE_CHANGE_CALLBACKS${suffix}`;
  const init = `VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT${suffix}`;
  const number = `VMB_CHANNEL_STATE_CHANGE_CALLBACKS_VERSION${suffix}`;
  return [
    {
      name: `P${structure}`,
      declaration: `typedef struct _${structure} *P${structure};`,
      summary: `A pointer to ${structure}.`,
    },
    {
      name: init,
      declaration: `VOID ${init}(P${structure} Callbacks);`,
      summary: 'Clears the structure and sets its version and size: to be called before members are set.',
    },
    {
      name: number,
      declaration: `#define ${number} ${version}`,
      summary: `The Version of a ${structure}; ${init} sets it.`,
    },
  ];
}

export const INTERFACES: readonly TypeFacts[] = [
  ...CLIENT_ADDED.flatMap((summary, index) => table('CLIENT', index + 1, summary)),
  ...table('SERVER', 1, 'The table of clients, version 1, and the functions only a server endpoint has.'),
  ...table(
    'SERVER',
    5,
    'The table of clients, version 5, and the functions only a server endpoint has. In C++ the setter of _EX save and restore callbacks is missing in it.',
  ),
  ...query('CLIENT', '4aecb860-e161-42bb-a5ca-77f3a9645905', 'of clients'),
  ...query('SERVER', '83b21474-c5b9-4f65-b5e7-720c692bd371', 'of servers'),
  ...methods(
    'KMCL_SERVER_ONLY_METHODS',
    'What a server’s table has besides the client’s: saving and restoring among them.',
  ),
  ...methods('KMCL_SERVER_ONLY_METHODS_V5', 'The same and the setter of _EX save and restore callbacks.'),
  ...callbacksOf('', 1),
  ...callbacksOf('_V5', 5),
];
