import { describe, expect, it } from 'vitest';
import { buildRuntimeModule, type RuntimeInstance } from '../../../../test/support/runtimeModule.js';

const DEVICE_OBJECT_BYTES = 0x150n;

const module = buildRuntimeModule(
  {
    'driver.c': `
    #include <ntifs.h>
    #include <wdf.h>
    typedef struct { int id; LIST_ENTRY link; PVOID block; } CONTEXT;
    typedef struct { char bytes[30]; } SECOND;
    WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(CONTEXT, GetContext)
    WDF_DECLARE_CONTEXT_TYPE(SECOND)
    WDFOBJECT object, child;
    static VOID cleanup(WDFOBJECT handle) { DbgPrint("cleanup %d", GetContext(handle)->id); }
    static VOID destroy(WDFOBJECT handle) { DbgPrint("destroy %d", GetContext(handle)->id); }
    static NTSTATUS create(WDFOBJECT parent, int id, WDFOBJECT *out)
    {
        WDF_OBJECT_ATTRIBUTES attributes;
        WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, CONTEXT);
        attributes.ParentObject = parent;
        attributes.EvtCleanupCallback = cleanup;
        attributes.EvtDestroyCallback = destroy;
        NTSTATUS status = WdfObjectCreate(&attributes, out);
        if (NT_SUCCESS(status)) {
            GetContext(*out)->id = id;
        }
        return status;
    }
    int family(void) { return create(NULL, 1, &object) | create(object, 2, &child); }
    int fail(void) { WDFOBJECT handle; return create(NULL, 9, &handle); }
    void deleteParent(void) { WdfObjectDelete(object); }
    void deleteChild(void) { WdfObjectDelete(child); }
    void hold(void) { WdfObjectReference(child); }
    void drop(void) { WdfObjectDereference(child); }
    int contextIsZero(void)
    {
        SECOND *second = NULL;
        WDF_OBJECT_ATTRIBUTES attributes;
        WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SECOND);
        NTSTATUS status = WdfObjectAllocateContext(object, &attributes, (PVOID *)&second);
        return status == 0 && second == WdfObjectGet_SECOND(object) && RtlIsZeroMemory(second, sizeof(*second)) &&
               WdfObjectContextGetObject(second) == object &&
               WdfObjectAllocateContext(object, &attributes, NULL) == 0x40000000;
    }
    int noContext(void) { return WdfObjectGet_SECOND(object) == NULL; }
    int overrun(void) { return ((char *)GetContext(object))[sizeof(CONTEXT)]; }
    int inside(void) { return *(int *)object; }
    void keepBlock(void) { GetContext(object)->block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 33, 'kolb'); }
    void wrongHandle(void) { WdfSpinLockAcquire((WDFSPINLOCK)object); }

    WDFMEMORY memory;
    PVOID buffer;
    int makeMemory(SIZE_T size) { return WdfMemoryCreate(WDF_NO_OBJECT_ATTRIBUTES, NonPagedPoolNx, 'memT', size, &memory, &buffer); }
    int copyOut(SIZE_T offset, SIZE_T size) { char local[64]; return WdfMemoryCopyToBuffer(memory, offset, local, size); }
    int touch(SIZE_T at) { return ((char *)buffer)[at]; }
    int sizeOf(void) { size_t size; return WdfMemoryGetBuffer(memory, &size) == buffer ? (int)size : -1; }
    void deleteMemory(void) { WdfObjectDelete(memory); }
    WDFLOOKASIDE lookaside;
    int fromLookaside(void)
    {
        return WdfLookasideListCreate(NULL, 24, NonPagedPoolNx, NULL, 'kool', &lookaside) | WdfMemoryCreateFromLookaside(lookaside, &memory) |
               ((buffer = WdfMemoryGetBuffer(memory, NULL)) == NULL);
    }

    WDFCOLLECTION collection;
    int collect(void)
    {
        WDFOBJECT objects[12];
        if (WdfCollectionCreate(NULL, &collection)) { return -1; }
        for (int i = 0; i < 12; i++) {
            if (create(NULL, i, &objects[i]) || WdfCollectionAdd(collection, objects[i])) { return -2; }
        }
        WdfCollectionRemove(collection, objects[0]);
        WdfCollectionRemoveItem(collection, 0);
        return (int)WdfCollectionGetCount(collection) * 10000 + GetContext(WdfCollectionGetFirstItem(collection))->id * 100 +
               GetContext(WdfCollectionGetLastItem(collection))->id;
    }

    static VOID work(WDFWORKITEM item) { DbgPrint("work %d", GetContext(WdfWorkItemGetParentObject(item))->id); }
    static VOID tick(WDFTIMER timer) { DbgPrint("tick %d", GetContext(WdfTimerGetParentObject(timer))->id); }
    static VOID deferred(WDFDPC dpc) { DbgPrint("dpc %d", GetContext(WdfDpcGetParentObject(dpc))->id); }
    WDFWORKITEM item;
    WDFTIMER timer;
    WDFDPC dpc;
    int makeWork(void)
    {
        WDF_OBJECT_ATTRIBUTES attributes;
        WDF_WORKITEM_CONFIG workConfig;
        WDF_TIMER_CONFIG timerConfig;
        WDF_DPC_CONFIG dpcConfig;
        WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
        WDF_WORKITEM_CONFIG_INIT(&workConfig, work);
        WDF_TIMER_CONFIG_INIT_PERIODIC(&timerConfig, tick, 50);
        WDF_DPC_CONFIG_INIT(&dpcConfig, deferred);
        if (WdfWorkItemCreate(&workConfig, &attributes, &item) != (NTSTATUS)0xC0200211) { return -1; }
        attributes.ParentObject = object;
        return WdfWorkItemCreate(&workConfig, &attributes, &item) | WdfTimerCreate(&timerConfig, &attributes, &timer) |
               WdfDpcCreate(&dpcConfig, &attributes, &dpc);
    }
    void enqueue(void) { WdfWorkItemEnqueue(item); WdfDpcEnqueue(dpc); WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(10)); }
    int stopTimer(void) { return WdfTimerStop(timer, FALSE); }

    int devices(void)
    {
        WDFDRIVER driver;
        WDFDEVICE device;
        WDF_DRIVER_CONFIG config;
        PWDFDEVICE_INIT init = NULL;
        WDF_DRIVER_CONFIG_INIT(&config, NULL);
        if (WdfDriverCreate(NULL, NULL, NULL, &config, &driver) || WdfGetDriver() != driver) { return 1; }
        if (WdfDeviceCreate(&init, NULL, &device)) { return 2; }
        if (WdfWdmDeviceGetWdfDeviceHandle(WdfDeviceWdmGetDeviceObject(device)) != device) { return 3; }
        INTERFACE interface;
        GUID guid = {0};
        NTSTATUS status = WdfFdoQueryForInterface(device, &guid, &interface, sizeof(interface), 3, NULL);
        return status == STATUS_NOT_SUPPORTED && WdfIoTargetGetDevice(WdfDeviceGetIoTarget(device)) == device ? 0 : 4;
    }
    PDEVICE_OBJECT VspLabDevice(VOID);
    int fixtureDevice(void)
    {
        WDFDEVICE device = WdfWdmDeviceGetWdfDeviceHandle(VspLabDevice());
        return device != NULL && WdfDeviceWdmGetDeviceObject(device) == VspLabDevice() &&
               WdfWdmDeviceGetWdfDeviceHandle(VspLabDevice()) == device;
    }`,
  },
  { checked: true },
);

function started(imports: Readonly<Record<string, (...values: never[]) => unknown>> = {}): RuntimeInstance {
  const run: RuntimeInstance = module.start({
    checks: 2,
    imports: {
      vsp_kmcl_query_interface: () => 0xc00000bb | 0,
      VspLabDevice: () => device,
      vsp_work_cancel: () => 0,
      ...imports,
    },
  });
  const device = run.call('vsp_user_allocate', 0, DEVICE_OBJECT_BYTES, 1) as bigint;
  return run;
}

describe('objects', () => {
  it('are deleted with their children: cleanup bottom up, then destroy', () => {
    const run = started();
    expect(run.call('family')).toBe(0);
    run.call('deleteParent');
    expect(run.output).toEqual(['cleanup 2', 'cleanup 1', 'destroy 2', 'destroy 1']);
    expect(run.faultOf('deleteParent')).toMatchObject({ kind: 'bugcheck', address: 0x10dn });
  });

  it('live on while somebody holds a reference', () => {
    const run = started();
    run.call('family');
    run.call('hold');
    run.call('deleteParent');
    expect(run.output).toEqual(['cleanup 2', 'cleanup 1']);
    run.call('drop');
    expect(run.output.slice(2)).toEqual(['destroy 2', 'destroy 1']);
  });

  it('a child deleted by itself is not deleted again', () => {
    const run = started();
    run.call('family');
    run.call('deleteChild');
    run.call('deleteParent');
    expect(run.output).toEqual(['cleanup 2', 'destroy 2', 'cleanup 1', 'destroy 1']);
  });

  it('have zeroed contexts of several types, which end exactly', () => {
    const run = started();
    run.call('family');
    expect([run.call('noContext'), run.call('contextIsZero')]).toEqual([1, 1]);
    expect(run.faultOf('overrun').kind).toBe('out-of-bounds');
    expect(['wild', 'out-of-bounds']).toContain(run.faultOf('inside').kind);
  });

  it('own what their contexts point to, as long as they live', () => {
    const run = started();
    run.call('family');
    run.call('keepBlock');
    const reached = (): boolean => {
      run.call('vsp_mark_begin');
      run.call('vsp_mark_reachable');
      const first = Number(run.call('vsp_pool_first'));
      return (run.view().getUint32(first + 56, true) & 0x10) !== 0;
    };
    expect(reached()).toBe(true);
    run.call('deleteParent');
    expect(reached()).toBe(false);
  });

  it('fail as allocations do, and a handle of another type is a bug check', () => {
    const run = started();
    run.call('family');
    run.setLasting('fail_count', 1);
    expect([run.call('fail'), run.call('fail')]).toEqual([0xc000009a | 0, 0]);
    expect(run.faultOf('wrongHandle')).toMatchObject({ kind: 'bugcheck', address: 0x10dn });
  });

  it('are gone after a restart of the host', () => {
    const run = started();
    run.call('family');
    run.call('vsp_restart_host');
    run.call('family');
    run.call('deleteParent');
    expect(run.output).toEqual(['cleanup 2', 'cleanup 1', 'destroy 2', 'destroy 1']);
  });
});

describe('memory and collections', () => {
  it('a memory object guards its buffer and its copies', () => {
    const run = started();
    expect([run.call('makeMemory', 0n), run.call('makeMemory', 20n)]).toEqual([0xc000000d | 0, 0]);
    expect([run.call('sizeOf'), run.call('copyOut', 4n, 16n), run.call('copyOut', 5n, 16n)]).toEqual([
      20,
      0,
      0xc0000023 | 0,
    ]);
    expect(run.faultOf('touch', 20n).kind).toBe('out-of-bounds');
    run.call('deleteMemory');
    expect(run.faultOf('touch', 0n).kind).toBe('use-after-free');
  });

  it('memory of a lookaside list goes with it', () => {
    const run = started();
    expect(run.call('fromLookaside')).toBe(0);
    run.call('touch', 23n);
    run.call('deleteMemory');
    expect(run.faultOf('touch', 0n).kind).toBe('use-after-free');
  });

  it('a collection keeps order', () => {
    expect(started().call('collect')).toBe(100_211);
  });
});

describe('work', () => {
  it('is queued with the object as its name and its only argument', () => {
    const calls: (readonly unknown[])[] = [];
    const run = started({
      vsp_work_queue: (...values: readonly (number | bigint)[]) => {
        calls.push(['queue', values[1], values[3], values[0] === values[4]]);
        return 1;
      },
      vsp_work_timer: (...values: readonly (number | bigint)[]) => {
        calls.push(['timer', values[1], values[2], values[3], values[0] === values[6]]);
        return 0;
      },
      vsp_work_cancel: () => {
        calls.push(['cancel']);
        return 1;
      },
    });
    run.call('family');
    expect(run.call('makeWork')).toBe(0);
    run.call('enqueue');
    expect(calls).toEqual([
      ['queue', 0, 1, true],
      ['queue', 2, 1, true],
      ['timer', -100_000n, 50, 2, true],
    ]);
    expect(run.call('stopTimer')).toBe(1);
    run.call('deleteParent');
    expect(calls.slice(3)).toEqual([['cancel'], ['cancel'], ['cancel'], ['cancel']]);
  });
});

describe('devices', () => {
  it('have a driver, a device object and an I/O target; interface queries go to the channel library', () => {
    expect(started().call('devices')).toBe(0);
  });

  it("the fixture's device object has one WDFDEVICE", () => {
    expect(started().call('fixtureDevice')).toBe(1);
  });
});
