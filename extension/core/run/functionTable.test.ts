import { expect, it } from 'vitest';
import { plainName } from './functionTable.js';

it.each([
  ['void __cdecl Bus::Complete(struct Packet *, long)', 'Bus::Complete'],
  ["void __cdecl `anonymous namespace'::Complete(struct Packet *)", 'Complete'],
  [
    "private: static __cdecl `public: long __cdecl Bus::Configure(struct VMBCHANNEL__*, void *)'::`1'::<lambda_1>::__invoke(struct VMBCHANNEL__*)",
    'Bus::Configure::<lambda>',
  ],
  ['private: static __cdecl <lambda_0>::__invoke(struct VMBCHANNEL__*)', '<lambda>'],
  ['NicComplete', 'NicComplete'],
])('%s is %s', (symbol, name) => {
  expect(plainName(symbol)).toBe(name);
});
