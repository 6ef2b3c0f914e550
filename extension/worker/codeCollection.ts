/**
 * Imported first by whatever compiles or runs WebAssembly. V8 13.6 (Node 24) now and then ends the process while it
 * collects single functions of modules that have been optimised meanwhile ("Check failed: jit_page_->allocations_"):
 * seen with hundreds of drivers in one process, known upstream as nodejs/node#64500. What a module has compiled goes
 * with the module instead.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-wasm-code-gc');
