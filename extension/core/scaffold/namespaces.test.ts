/** Contexts of C++: what is declared and what is defined are in one namespace, and the tests find both. */
import { describe, expect, it } from 'vitest';
import { ScaffoldFolder } from '../../../test/support/scaffoldFiles.js';
import { VIDEO_DRIVER } from '../../../test/support/videoDriver.js';

function written(files: Readonly<Record<string, string>>, context = 'FrameContext'): string {
  const folder = new ScaffoldFolder(files);
  const { fixture } = folder.scaffold('Video.cpp', context);
  expect(fixture).toBeDefined();
  expect(folder.warnings('Video.cpp')).toBe('');
  expect(folder.warnings(fixture?.name ?? '')).toBe('');
  return folder.text('Video.cpp');
}

/** What a namespace is closed by in the driver's text. */
const END = '} // namespace Video';
const inOrder = (text: string, ...pieces: readonly string[]): void => {
  const places = pieces.map((each) => text.indexOf(each));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places.every((each) => each >= 0)).toBe(true);
};

describe('callbacks of C++', () => {
  it('are in the namespace of a context whose functions are there', () => {
    const text = written({ 'Video.cpp': VIDEO_DRIVER });
    inOrder(text, 'struct FrameContext', 'EVT_VMB_CHANNEL_SAVE_PACKET', 'NTSTATUS FrameRestorePacket(', END);
    expect(text).toContain('Context->Owner = static_cast<Video::Adapter *>(VmbChannelGetPointer(Channel));');
    expect(text).toMatch(/if \(auto status = VmbServerChannelInitSetSaveRestorePacketCallbacks\(Channel, /);
  });

  it('are outside of a namespace of types only', () => {
    const apart = VIDEO_DRIVER.replace('\n\tstatic VOID OnPacket', `${END}\n\n\tstatic VOID OnPacket`)
      .replace('NTSTATUS Adapter::', 'NTSTATUS Video::Adapter::')
      .replace(/\} \/\/ namespace Video\n$/, '');
    const text = written({ 'Video.cpp': apart });
    inOrder(text, END, 'EVT_VMB_CHANNEL_SAVE_PACKET', 'OnPacket(', 'NTSTATUS FrameRestorePacket(');
  });

  it('are in the namespace of the functions where a header has the context', () => {
    const at = VIDEO_DRIVER.indexOf('\n\tstatic VOID OnPacket');
    const header = `${VIDEO_DRIVER.slice(0, at)}}\n`;
    const source = `#include "Video.h"\n\nnamespace Video\n{${VIDEO_DRIVER.slice(at)}`;
    const text = written({ 'Video.h': header, 'Video.cpp': source });
    inOrder(
      text,
      'namespace Video\n{',
      'EVT_VMB_CHANNEL_SAVE_PACKET',
      'OnPacket(',
      'FrameRestorePacket(VMBCHANNEL',
      END,
    );
  });

  it('know a context that is a member of a class', () => {
    const member = VIDEO_DRIVER.replace(/\tclass Adapter;\n\n\tstruct FrameContext\n([\s\S]*?)\n\t\};\n\n/, '').replace(
      '\tpublic:\n',
      '\tpublic:\n\t\tstruct Frame\n\t\t{\n\t\t\tAdapter *Owner;\n\t\t\tUINT64 Number;\n\t\t};\n\n',
    );
    const text = written({ 'Video.cpp': member }, 'Frame');
    inOrder(text, 'class Adapter', 'EVT_VMB_CHANNEL_SAVE_PACKET', 'NTSTATUS Adapter::Configure');
    expect(text).toContain('Video::Adapter::Frame *Context = ');
  });

  it('do not mind what else has braces', () => {
    const linkage = 'extern "C" {\n#include <ntstrsafe.h>\n}\n\nextern "C" DRIVER_INITIALIZE DriverEntry;\n';
    const text = written({ 'Video.cpp': VIDEO_DRIVER.replace('namespace Video', `${linkage}\nnamespace Video`) });
    inOrder(text, 'struct FrameContext', 'NTSTATUS FrameRestorePacket(', END);
  });
});
