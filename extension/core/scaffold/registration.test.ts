/** The registering call, written like the Init calls it stands beside. */
import { describe, expect, it } from 'vitest';
import { outlineOf } from './outline.js';
import { initPlace } from './registration.js';

/** What the body of a function is with the call in it. */
function registered(body: string): string | undefined {
  const text = `NTSTATUS Configure(VMBCHANNEL C, HANDLE H)\n{\n${body}\n}\n`;
  const place = initPlace(outlineOf(text));
  if (place === undefined) return undefined;
  const statement = place.statement.replace('@', `Register(${place.channel})`);
  const whole = text.slice(0, place.offset) + statement + text.slice(place.offset);
  return whole.slice(whole.indexOf('{') + 2, whole.lastIndexOf('}') - 1);
}

const lines = (...each: readonly string[]): string => each.map((line) => `    ${line}`).join('\n');

describe('the registration', () => {
  it.each([
    [
      'a status that is checked',
      ['status = VmbServerChannelInitSetVmbusHandle(C, H);', 'if (!NT_SUCCESS(status)) {', '    goto Exit;', '}'],
      ['status = Register(C);', 'if (!NT_SUCCESS(status)) {', '    goto Exit;', '}'],
    ],
    [
      'a status that is declared',
      ['NTSTATUS status = VmbServerChannelInitSetVmbusHandle(C, H);', 'if (!NT_SUCCESS(status)) return status;'],
      ['status = Register(C);', 'if (!NT_SUCCESS(status)) return status;'],
    ],
    [
      'a chain of successes',
      ['if (NT_SUCCESS(status)) status = VmbServerChannelInitSetVmbusHandle(C, H);'],
      ['if (NT_SUCCESS(status)) status = Register(C);'],
    ],
    [
      'a chain of blocks',
      ['if (NT_SUCCESS(status))', '{', '    status = VmbServerChannelInitSetVmbusHandle(C, H);', '}'],
      ['if (NT_SUCCESS(status))', '{', '    status = Register(C);', '}'],
    ],
    [
      'a condition',
      ['if (!NT_SUCCESS(status = VmbServerChannelInitSetVmbusHandle(C, H))) {', '    break;', '}'],
      ['if (!NT_SUCCESS(status = Register(C))) {', '    break;', '}'],
    ],
    [
      'a comparison',
      ['if ((status = VmbServerChannelInitSetVmbusHandle(C, H)) != STATUS_SUCCESS)', '    __leave;'],
      ['if ((status = Register(C)) != STATUS_SUCCESS)', '    __leave;'],
    ],
    ['a macro', ['CHECK(VmbServerChannelInitSetVmbusHandle(C, H));'], ['CHECK(Register(C));']],
    [
      'a trace that names the call',
      [
        'status = VmbServerChannelInitSetVmbusHandle(C, H);',
        'if (!NT_SUCCESS(status)) {',
        '    Trace("VmbServerChannelInitSetVmbusHandle failed: %x\\n", status);',
        '    return status;',
        '}',
      ],
      [
        'status = Register(C);',
        'if (!NT_SUCCESS(status)) {',
        '    Trace("VmbServerChannelInitSetSaveRestorePacketCallbacks failed: %x\\n", status);',
        '    return status;',
        '}',
      ],
    ],
    [
      'a trace in words',
      [
        'status = VmbServerChannelInitSetVmbusHandle(C, H);',
        'if (!NT_SUCCESS(status)) {',
        '    Trace("no handle, %!STATUS!", status);',
        '    return status;',
        '}',
      ],
      [
        'status = Register(C);',
        'if (!NT_SUCCESS(status)) {',
        '    Trace("save and restore callbacks not registered: %!STATUS!", status);',
        '    return status;',
        '}',
      ],
    ],
  ])('follows %s', (_name, before, added) => {
    expect(registered(lines(...before, 'Rest();'))).toBe(lines(...before, ...added, 'Rest();'));
  });

  it('stands behind the last of a chain, not between its parts', () => {
    const chain = [
      'status = VmbServerChannelInitSetVmbusHandle(C, H);',
      'if (NT_SUCCESS(status)) status = VmbServerChannelInitSetTargetInterfaceId(C, T, I);',
      'if (NT_SUCCESS(status)) status = VmbChannelInitSetMaximumPacketSize(C, 64);',
    ];
    const rest = 'if (NT_SUCCESS(status)) status = VmbChannelEnable(C);';
    expect(registered(lines(...chain, rest))).toBe(
      lines(...chain, 'if (NT_SUCCESS(status)) status = Register(C);', rest),
    );
  });

  it.each([
    ['nobody looks at the status', ['status = VmbServerChannelInitSetVmbusHandle(C, H);', 'Next();']],
    [
      'what looks at it goes on',
      ['status = VmbServerChannelInitSetVmbusHandle(C, H);', 'if (!NT_SUCCESS(status)) Count();'],
    ],
    [
      'it has two ways on',
      ['status = VmbServerChannelInitSetVmbusHandle(C, H);', 'if (!NT_SUCCESS(status)) return status;', 'else Next();'],
    ],
    ['the call is returned', ['return VmbServerChannelInitSetVmbusHandle(C, H);']],
  ])('has no place where %s', (_name, body) => {
    expect(registered(lines(...body))).toBeUndefined();
  });
});
