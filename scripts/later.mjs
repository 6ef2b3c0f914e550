/** Scripts whose names are promised already and whose parts are not there yet. */
const name = process.argv[2] ?? '';
process.stderr.write(
  `${name}: the VS Code extension is not part of this version yet; 'npm start' runs the simulator.\n`,
);
process.exitCode = 2;
