import { describe, expect, it } from 'vitest';
import { buildRuntimeModule } from '../../../../test/support/runtimeModule.js';

const module = buildRuntimeModule(
  {
    'driver.cpp': `
    #include <ntddk.h>
    struct Base {
        virtual ~Base() {}
        virtual int value() const = 0;
        int twice() const { return 2 * value(); }
    };
    struct Seven : Base {
        int kept = 7;
        int value() const override { return kept; }
    };
    struct Counter { int count; Counter() : count(40) {} ~Counter() { count = 0; } };
    static Counter global;
    static Seven seven;
    extern "C" int statics() { static Counter local; return ++local.count + global.count; }
    extern "C" int virtuals() { const Base *base = &seven; return base->twice(); }
    extern "C" void destroy(Base *base) { delete base; }
    extern "C" void destroyNull() { destroy(nullptr); }
    extern "C" void destroySeven() { destroy(&seven); }`,
  },
  { checked: true },
);

describe('C++', () => {
  it('constructs statics before the test, and local ones at their first use', () => {
    const run = module.start({ checks: 2 });
    expect([run.call('statics'), run.call('statics')]).toEqual([81, 82]);
    run.call('vsp_restart_host');
    expect(run.call('statics')).toBe(81);
  });

  it('calls virtual functions', () => {
    expect(module.start({ checks: 2 }).call('virtuals')).toBe(14);
  });

  it('names the missing operator delete where it is reached', () => {
    const run = module.start({ checks: 2 });
    run.call('destroyNull');
    expect(run.faultOf('destroySeven').kind).toBe('unsupported');
  });
});
