/** `vsp-lab dap` for clients that start an adapter without arguments. */
process.argv.push('dap');
await import('../../bin/vsp-lab.mjs');
