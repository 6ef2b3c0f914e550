/** A compiled driver as a worker runs it. */
import type { LoadedDriver } from '../core/kmcl/simulation.js';
import type { CompiledDriver } from '../core/toolchain/module.js';

/** The module that lies elsewhere is made when a variant of a run first asks for it. */
export function load(driver: CompiledDriver): LoadedDriver {
  const module = new WebAssembly.Module(driver.wasm);
  const { moved } = driver;
  if (moved === undefined) return { driver, module };
  let made: WebAssembly.Module | undefined;
  return {
    driver,
    module,
    moved: () => {
      made ??= new WebAssembly.Module(moved);
      return made;
    },
  };
}
